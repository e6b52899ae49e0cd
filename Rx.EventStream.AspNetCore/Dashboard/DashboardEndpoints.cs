using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;

namespace Rx.AspNetCore.Dashboard;

/// <summary>The endpoints of a dashboard: the page, its files, which are embedded in the assembly, and its feed.</summary>
internal static class DashboardEndpoints
{
    private const string Prefix = "Dashboard/";
    private const string Start = "index.html";

    internal static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern, EventStreamDashboardOptions options)
    {
        RouteGroupBuilder group = endpoints.MapGroup(pattern);
        group.ExcludeFromDescription();
        var guard = new DashboardGuard(endpoints.ServiceProvider);
        Assembly assembly = typeof(DashboardEndpoints).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string name = resource[Prefix.Length..];
            bool isPage = name == Start;
            string type = TypeOf(name);
            Map(isPage ? "" : name, isPage, context => SendAsync(context, assembly, resource, type, isPage));
        }

        var feed = new DashboardFeed(options, endpoints.ServiceProvider);
        Map("events", isPage: false, feed.InvokeAsync).WithMetadata(new DisableRequestTimeoutAttribute()); // a response lasts as long as its page is open
        return group;

        // Any method, so that nothing but the guard answers.
        IEndpointConventionBuilder Map(string name, bool isPage, RequestDelegate handler) =>
            group.Map($"/{name}", context => guard.TryPass(context, isPage) ? handler(context) : Task.CompletedTask)
                .WithDisplayName($"{pattern} (event stream dashboard) {name}");
    }

    private static async Task SendAsync(HttpContext context, Assembly assembly, string resource, string type, bool isPage)
    {
        HttpResponse response = context.Response;
        string path = context.Request.PathBase.Add(context.Request.Path).ToUriComponent();
        if (isPage && !path.EndsWith('/'))
        {
            // The page's links are relative to it. A relative address holds behind any proxy, and leads to no other site.
            response.StatusCode = StatusCodes.Status302Found;
            response.Headers.Location = $"./{path[(path.LastIndexOf('/') + 1)..]}/";
            return;
        }

        Stream content = assembly.GetManifestResourceStream(resource)!;
        await using ConfiguredAsyncDisposable disposing = content.ConfigureAwait(false);
        response.ContentType = type;
        response.ContentLength = content.Length;
        response.Headers.CacheControl = "no-cache"; // after an update, a browser must not mix old files with new ones
        await content.CopyToAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
}
