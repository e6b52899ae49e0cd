using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rx.AspNetCore.Dashboard;

/// <summary>What the dashboard logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The dashboard at {Path} answers 404: outside of Development it needs RequireAuthorization.")]
    internal static partial void DashboardRefused(this ILogger logger, PathString path);
}
