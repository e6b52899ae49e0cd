using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Rx.AspNetCore.Dashboard;

/// <summary>Refuses requests that must not see the dashboard, before anything else looks at them.</summary>
/// <remarks><b>Concurrency.</b> Used by all connections.</remarks>
internal sealed class DashboardGuard(IServiceProvider services)
{
    private const string SecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private readonly ILogger _logger =
        services.GetService<ILoggerFactory>()?.CreateLogger("Rx.AspNetCore.EventStreamDashboard") ?? NullLogger.Instance;

    /// <summary>Without an environment it is not known to be for a developer.</summary>
    private readonly bool _isDevelopment = services.GetService<IWebHostEnvironment>()?.IsDevelopment() ?? false;

    /// <summary>Whether the log says that the dashboard is refused. Written and read by any request with an interlocked exchange.</summary>
    private bool _isRefusalLogged;

    /// <summary>Passes a request, or answers it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isPage">Whether it is for the page itself, to which the pages of other sites may link.</param>
    internal bool TryPass(HttpContext context, bool isPage)
    {
        bool hasAuthorization = HasAuthorization(context);
        if (!hasAuthorization && !_isDevelopment)
        {
            if (!Interlocked.Exchange(ref _isRefusalLogged, true))
            {
                _logger.DashboardRefused(context.Request.Path);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return false;
        }

        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = SecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if ((!hasAuthorization && !IsOfThisMachine(context)) || !IsOfThisSite(context.Request, isPage))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return false;
        }

        if (!HttpMethods.IsGet(context.Request.Method))
        {
            headers.Allow = HttpMethods.Get;
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return false;
        }

        return true;
    }

    /// <summary>Whether the endpoint has authorization, which ASP.NET has checked by now: a request does not get here if it has not.</summary>
    private static bool HasAuthorization(HttpContext context) =>
        context.GetEndpoint()?.Metadata is { } metadata
        && metadata.GetMetadata<IAuthorizeData>() is not null
        && metadata.GetMetadata<IAllowAnonymous>() is null;

    /// <summary>Whether the client is on this machine, and the host name is one that only this machine has. A page of another site whose own
    /// name leads to this machine (DNS rebinding) has another host name.</summary>
    private static bool IsOfThisMachine(HttpContext context)
    {
        string host = context.Request.Host.Host;
        return (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address)))
            && (context.Connection.RemoteIpAddress is not { } client // a socket that has no address is one of this machine
                || IPAddress.IsLoopback(client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client));
    }

    /// <summary>Whether the request is not one that a page of another site makes. Such a page could not read the answer, but could occupy the
    /// connections.</summary>
    private static bool IsOfThisSite(HttpRequest request, bool isPage)
    {
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            return site is "same-origin" or "none" || (isPage && request.Headers["Sec-Fetch-Dest"] == "document");
        }

        // A browser sends no Sec-Fetch-Site to a plain http address, but it names the origin of another page.
        string origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && request.Host == new HostString(uri.Authority));
    }
}
