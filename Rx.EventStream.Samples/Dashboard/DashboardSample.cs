using System.Net.Sockets;

namespace Rx.Samples.Dashboard;

/// <summary>A live page that shows a stream beside a subject under the same load.</summary>
internal sealed class DashboardSample : Sample
{
    private const string Port = "--port";
    private const string MaxHeld = "--most-held";
    private const int DefaultPort = 5080;

    /// <summary>About half a gigabyte, which a developer's machine can spare.</summary>
    private const int DefaultMaxHeld = 30_000_000;

    /// <summary>A smaller value would remove a subscriber that is only briefly late.</summary>
    private const int MinMaxHeld = 10_000;

    /// <summary>Each stalled subscriber can block a pool thread, and the page must not wait until the pool has grown.</summary>
    private const int MinPoolThreads = 2 * Experiment.MaxSubscribers;

    public override string Name => "dashboard";

    public override string Summary => "A live page in the browser: marble lanes, lag and publish cost, beside a Subject under the same load.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(Port, "N", $"Listen on this port of 127.0.0.1; 0 selects a free port (default: {DefaultPort})."),
        new(MaxHeld, "N", $"Remove a subscriber or bookmark that keeps more than N events in memory (default: {DefaultMaxHeld})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        int port = arguments.Integer(Port, defaultValue: DefaultPort, min: 0, max: ushort.MaxValue);
        int maxHeld = arguments.Integer(MaxHeld, defaultValue: DefaultMaxHeld, min: MinMaxHeld, max: int.MaxValue);
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, MinPoolThreads), completions);

        await using var server = new DashboardServer(port, maxHeld);
        try
        {
            await server.StartAsync();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new UsageException(
                $"The dashboard cannot listen on port {port} of 127.0.0.1: {(error.InnerException ?? error).Message.TrimEnd('.')}. "
                + $"Choose another port with {Port} N, or a free one with {Port} 0.");
        }

        Console.WriteLine($"The dashboard is at {server.Address}/ - open it in a browser. Ctrl-C ends it.");
        await Task.Delay(Timeout.Infinite, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Console.WriteLine("The dashboard has ended.");
        return 0;
    }
}
