using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;

namespace Rx.Samples.Web;

/// <summary>A web service with streams, server-sent events, a SignalR hub, a health check and a dashboard.</summary>
internal sealed class WebSample : Sample
{
    private const string Port = "--port";
    private const int DefaultPort = 5090;

    public override string Name => "web";

    public override string Summary => "A web service: streams, handlers, server-sent events, a SignalR hub, a health check, a dashboard.";

    public override IReadOnlyList<SampleOption> Options { get; } =
        [new(Port, "N", $"Listen on this port of 127.0.0.1; 0 selects a free port (default: {DefaultPort}).")];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        int port = arguments.Integer(Port, defaultValue: DefaultPort, min: 0, max: ushort.MaxValue);
        await using WebApplication app = WebService.Build(
            ["--environment=Development", $"--urls=http://127.0.0.1:{port}", "--Logging:LogLevel:Default=Warning"]);
        try
        {
            await app.StartAsync(interrupted);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new UsageException($"The service cannot listen on port {port} of 127.0.0.1. Choose another port with {Port} N, or a free one with {Port} 0.");
        }

        Console.WriteLine($"The dashboard is at {app.Urls.First()}/streams - open it in a browser, and follow {app.Urls.First()}/readings. Ctrl-C ends it.");
        await Task.Delay(Timeout.Infinite, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(CancellationToken.None);
        Console.WriteLine("The service has ended.");
        return 0;
    }
}
