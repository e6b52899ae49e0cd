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

/// <summary>Serves the page and its API on the loopback address of this machine.</summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>How long the server waits, when it ends, for a page that does not read.</summary>
    private static readonly TimeSpan _shutdownTimeout = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;
    private readonly ExperimentRunner _runner;
    private readonly FrameFeed _feed;

    /// <param name="port">The port to listen on; 0 selects a free port.</param>
    /// <param name="maxHeld">How many events a subscriber or bookmark may keep in memory.</param>
    public DashboardServer(int port, long maxHeld)
    {
        _runner = new ExperimentRunner(maxHeld);
        _feed = new FrameFeed(_runner);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddSingleton<IHostLifetime, NullHostLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = _shutdownTimeout);
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.Configure<JsonOptions>(options => ConfigureStrictJson(options.SerializerOptions));

        // Prevents DNS rebinding: a page of another site in the same browser must not reach this server through its own host name.
        builder.Services.Configure<HostFilteringOptions>(options => options.AllowedHosts = ["127.0.0.1", "localhost"]);

        _application = builder.Build();
        _application.UseHostFiltering();
        _application.Use(AddHeadersAsync);
        _application.Use(DashboardApi.RejectOtherOriginsAsync);
        _application.Use(DashboardApi.ReportProblemsAsync);
        PageFiles.Map(_application);
        DashboardApi.Map(_application, _runner, _feed);
    }

    /// <summary>The address of the page.</summary>
    public string Address => _application.Urls.First();

    /// <exception cref="IOException">The port is in use.</exception>
    public Task StartAsync() => _application.StartAsync();

    public async ValueTask DisposeAsync()
    {
        // The end of the frames ends the pages' connections, so the server does not have to wait for them.
        await _feed.DisposeAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        await _runner.DisposeAsync();
    }

    private static void ConfigureStrictJson(JsonSerializerOptions options)
    {
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectRequiredConstructorParameters = true;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
    }

    /// <summary>Adds headers: the page loads nothing from other sites, and the browser must not use an old page from its cache.</summary>
    private static Task AddHeadersAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-cache";
        return next(context);
    }
}
