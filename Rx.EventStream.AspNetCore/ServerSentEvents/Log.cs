using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>What the endpoints log.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "A client of {Path} was {Missed} events behind, more than its lag policy allows. Its response ends.")]
    internal static partial void ClientLagged(this ILogger logger, PathString path, long missed);

    [LoggerMessage(2, LogLevel.Debug, "The stream of {Path} has failed. The response of a client ends.")]
    internal static partial void StreamFailed(this ILogger logger, Exception error, PathString path);
}
