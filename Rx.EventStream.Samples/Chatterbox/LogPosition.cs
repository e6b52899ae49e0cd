using System.Globalization;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>A position in the log of a shared room.</summary>
/// <param name="Log">The log's id. A log that was deleted and created again has a new id.</param>
/// <param name="Sequence">The sequence number of the event at this position.</param>
internal sealed record LogPosition(string Log, long Sequence)
{
    /// <summary>Reads the position from the headers; null if there is none.</summary>
    public static LogPosition? From(Metadata headers) =>
        headers.GetValue(RoomHeaders.Next)?.Split(':') is [var log, var number]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) && sequence > 0
            ? new LogPosition(log, sequence)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Log}:{Sequence}");
}
