using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rx.Samples.Dashboard;

/// <summary>The page and what it talks to, on this machine's loopback address.</summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>How long a page that does not read may keep the server from ending.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;
    private readonly Bench _bench;
    private readonly FrameFeed _feed;

    /// <param name="port">Where to listen; 0 for any that is free.</param>
    /// <param name="mostHeld">How many events one subscriber or bookmark may keep in memory.</param>
    public DashboardServer(int port, long mostHeld)
    {
        _bench = new Bench(mostHeld);
        _feed = new FrameFeed(_bench);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddSingleton<IHostLifetime, SignalsElsewhere>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = _patience);
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.Configure<JsonOptions>(options => Strictly(options.SerializerOptions));

        // Another site's page in the same browser must not get here by a name of its own for this address.
        builder.Services.Configure<HostFilteringOptions>(options => options.AllowedHosts = ["127.0.0.1", "localhost"]);

        _application = builder.Build();
        _application.UseHostFiltering();
        _application.Use(AddHeadersAsync);
        _application.Use(DashboardApi.RefuseOtherSitesAsync);
        _application.Use(DashboardApi.ExplainAsync);
        PageFiles.Map(_application);
        DashboardApi.Map(_application, _bench, _feed);
    }

    /// <summary>Where the page is.</summary>
    public string Address => _application.Urls.First();

    /// <exception cref="IOException">The port is in use.</exception>
    public Task StartAsync() => _application.StartAsync();

    public async ValueTask DisposeAsync()
    {
        // Connections end with the frames, and then the server has nothing to wait for.
        await _feed.DisposeAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        await _bench.DisposeAsync();
    }

    private static void Strictly(JsonSerializerOptions options)
    {
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectRequiredConstructorParameters = true;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
    }

    /// <summary>The page takes nothing from elsewhere, and no browser is to keep an older one.</summary>
    private static Task AddHeadersAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-cache";
        return next(context);
    }
}
