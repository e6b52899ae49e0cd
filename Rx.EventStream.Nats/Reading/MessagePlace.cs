using System.Globalization;

namespace Rx.Nats.Reading;

/// <summary>Where a message stands in the stream and among those of its consumer. The server says it in the subject for acknowledgements.</summary>
/// <param name="Sequence">The event's sequence in the stream.</param>
/// <param name="Number">Which message of the consumer it is, from 1.</param>
/// <param name="Pending">How many events the consumer has after it.</param>
/// <param name="Nanoseconds">When it was stored, by the server's clock, since 1970.</param>
/// <remarks>NATS.Net's metadata has the same, and more, in some ten strings and objects a message.</remarks>
internal readonly record struct MessagePlace(long Sequence, ulong Number, ulong Pending, long Nanoseconds)
{
    private const string Prefix = "$JS.ACK.";

    /// <summary><c>stream.consumer.delivered.sequence.number.timestamp.pending</c></summary>
    private const int Words = 7;

    /// <summary>As many as are looked at; more may follow.</summary>
    private const int MaxWords = Words + 3;

    /// <summary>When it was stored, to a tenth of a microsecond.</summary>
    internal DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddTicks(Nanoseconds / TimeSpan.NanosecondsPerTick);

    /// <summary>Reads it; false where the subject is none for acknowledgements.</summary>
    /// <remarks>Newer servers have two words before these, domain and account, and one or more behind:
    /// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md#jsack</remarks>
    public static bool TryParse(string? subject, out MessagePlace place)
    {
        place = default;
        if (subject is null || !subject.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = subject.AsSpan(Prefix.Length);
        Span<Range> words = stackalloc Range[MaxWords];
        int count = rest.Split(words, '.');
        if (count is not (Words or >= Words + 2))
        {
            return false;
        }

        int first = count == Words ? 3 : 5;
        if (!long.TryParse(rest[words[first]], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) ||
            !ulong.TryParse(rest[words[first + 1]], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ||
            !long.TryParse(rest[words[first + 2]], NumberStyles.None, CultureInfo.InvariantCulture, out long nanoseconds) ||
            !ulong.TryParse(rest[words[first + 3]], NumberStyles.None, CultureInfo.InvariantCulture, out ulong pending))
        {
            return false;
        }

        place = new MessagePlace(sequence, number, pending, nanoseconds);
        return true;
    }
}
