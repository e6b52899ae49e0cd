using System.Globalization;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>A place in the log of a room that several servers share.</summary>
/// <param name="Log">Which log: one that is made anew is another.</param>
/// <param name="Sequence">The number of the event there.</param>
internal sealed record LogPlace(string Log, long Sequence)
{
    /// <summary>The place that a header tells, or null.</summary>
    public static LogPlace? From(Metadata headers) =>
        headers.GetValue(RoomHeaders.Next)?.Split(':') is [var log, var number]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) && sequence > 0
            ? new LogPlace(log, sequence)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Log}:{Sequence}");
}
