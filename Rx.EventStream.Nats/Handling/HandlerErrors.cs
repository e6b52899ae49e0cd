using System.Data.Common;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>Which errors of checkpoint stores a later attempt can mend.</summary>
internal static class HandlerErrors
{
    /// <summary>Whether a retry can succeed: the server or the database is not there, or is busy.</summary>
    internal static bool IsTransient(Exception error) => StreamApi.IsTransient(error) || error is DbException;
}
