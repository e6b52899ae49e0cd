using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Rx.AspNetCore;
using Rx.AspNetCore.Dashboard;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the dashboard of an application's streams.</summary>
public static class EventStreamDashboardEndpointRouteBuilderExtensions
{
    /// <summary>Maps a page that shows the application's streams and their subscribers, live.</summary>
    /// <param name="endpoints">The application, or a group of its routes.</param>
    /// <param name="pattern">The route of the page, such as <c>/streams</c>. Its files are below.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <returns>The conventions of the endpoints, such as <c>RequireAuthorization</c>.</returns>
    /// <remarks>
    /// The page shows names, figures and the messages of exceptions that have ended subscribers. It shows no events, and controls nothing. It costs
    /// nothing before a page is open, and from half a minute after the last one was closed.
    /// <para>Without authorization it is for the developer only: in the environment <c>Development</c>, it answers requests from this machine to a
    /// host name of this machine; in any other environment it answers 404, as if it were not there. With <c>RequireAuthorization</c> it answers
    /// authorized requests in every environment, from any machine and under any host name. A fallback policy of the application does not count as
    /// authorization, nor does anything where <c>AllowAnonymous</c> is set.</para>
    /// <para>Requests that the pages of other sites make are refused.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="endpoints"/> or <paramref name="pattern"/> is null.</exception>
    public static IEndpointConventionBuilder MapEventStreamDashboard(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, EventStreamDashboardOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        return DashboardEndpoints.Map(endpoints, pattern, options ?? new EventStreamDashboardOptions());
    }
}
