using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>An application on Kestrel, on a free port of this machine, and a client for it.</summary>
internal sealed class SseServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SseServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

        // A response that is disposed is cut at once.
        var handler = new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero };
        Http = new HttpClient(handler) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<SseServer> StartAsync(
        Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null, string url = "http://127.0.0.1:0")
    {
        WebApplication app = Build(map, configure, url);
        await app.StartAsync();
        return new SseServer(app);
    }

    /// <summary>Builds an application and maps its endpoints. It is not started.</summary>
    public static WebApplication Build(
        Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null, string url = "http://127.0.0.1:0")
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);
        WebApplication app = builder.Build();
        map(app);
        return app;
    }

    public Task<SseClient> ConnectAsync(string path, string? lastId = null) => SseClient.ConnectAsync(Http, path, lastId);

    /// <summary>Stops the application as Ctrl-C does.</summary>
    public Task StopAsync() => Eventually.Ends(_app.StopAsync());

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
