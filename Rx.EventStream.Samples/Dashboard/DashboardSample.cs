using System.Net.Sockets;

namespace Rx.Samples.Dashboard;

/// <summary>A page that shows what the library does while it does it, beside a subject under the same load.</summary>
internal sealed class DashboardSample : Sample
{
    private const string Port = "--port";
    private const string MostHeld = "--most-held";
    private const int UsualPort = 5080;

    /// <summary>Half a gigabyte: this is somebody's desk, not a server.</summary>
    private const int UsualMostHeld = 30_000_000;

    /// <summary>Less would end a subscriber that is only a moment late.</summary>
    private const int LeastMostHeld = 10_000;

    /// <summary>Each stalled subscriber may keep a pool thread, and the page is not to wait until the pool has grown.</summary>
    private const int LeastPoolThreads = 2 * Experiment.MostMembers;

    public override string Name => "dashboard";

    public override string Summary => "A live page in the browser: lanes of marbles, lag and costs, beside a Subject under the same load.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(Port, "N", $"Listen on that port of 127.0.0.1, 0 for any that is free (default: {UsualPort})."),
        new(MostHeld, "N", $"Remove a subscriber or bookmark that keeps more than N events in memory (default: {UsualMostHeld})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        int port = arguments.Integer(Port, defaultValue: UsualPort, min: 0, max: ushort.MaxValue);
        int mostHeld = arguments.Integer(MostHeld, defaultValue: UsualMostHeld, min: LeastMostHeld, max: int.MaxValue);
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, LeastPoolThreads), completions);

        await using var server = new DashboardServer(port, mostHeld);
        try
        {
            await server.StartAsync();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new UsageException(
                $"Port {port} of 127.0.0.1 cannot be listened on: {(error.InnerException ?? error).Message.TrimEnd('.')}. "
                + $"Choose another with {Port} N, or {Port} 0 for any that is free.");
        }

        Console.WriteLine($"The dashboard is at {server.Address}/ - open it in a browser; Ctrl-C ends it.");
        await Task.Delay(Timeout.Infinite, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Console.WriteLine("The dashboard has ended.");
        return 0;
    }
}
