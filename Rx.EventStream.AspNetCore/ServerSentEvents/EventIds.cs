using System.Globalization;
using System.Text;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>The ids of an endpoint's events: the sequence number, and the epoch if there is one: <c>41-kqxwzvbn</c>.</summary>
/// <remarks>An id says that its client has everything up to this number. So the id of a client that has nothing, at the very start of a stream,
/// begins with -1. The end of the stream has the number that the next event would have had.</remarks>
internal sealed class EventIds(string? epoch)
{
    /// <summary>The most bytes of an id.</summary>
    internal const int MaxLength = MaxDigits + 1 + MaxEpochLength;

    /// <summary>What <see cref="long.MinValue"/> takes.</summary>
    private const int MaxDigits = 20;
    private const int MaxEpochLength = EventStreamEndpointOptions<int>.MaxEpochLength;

    private readonly byte[] _suffix = epoch is null ? [] : Encoding.ASCII.GetBytes($"-{epoch}");

    /// <summary>Writes an id, and returns its length.</summary>
    internal int Format(long sequence, Span<byte> id)
    {
        sequence.TryFormat(id, out int digits, default, CultureInfo.InvariantCulture);
        _suffix.CopyTo(id[digits..]);
        return digits + _suffix.Length;
    }

    /// <summary>Reads the id that a client has sent. A number alone is one of this run.</summary>
    internal bool TryParse(string id, out long sequence, out ResetReason problem)
    {
        sequence = 0;
        problem = ResetReason.Malformed;
        if (id.Length is 0 or > MaxLength || id[0] == '+')
        {
            return false;
        }

        int dash = id.IndexOf('-', 1); // the first character may be the sign of -1
        ReadOnlySpan<char> number = dash < 0 ? id : id.AsSpan(0, dash);
        if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out sequence) || sequence < -1)
        {
            return false;
        }

        problem = ResetReason.OtherEpoch;
        return dash < 0 || id.AsSpan(dash + 1).SequenceEqual(epoch);
    }
}
