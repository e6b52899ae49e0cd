using System.Globalization;

namespace Rx.Nats.Reading;

/// <summary>What the server says about a message that it delivers. It is in the message's reply subject, which also serves acknowledgements.</summary>
/// <param name="Sequence">The event's sequence number in the stream.</param>
/// <param name="Number">The message's number among the messages of its consumer, from 1.</param>
/// <param name="Pending">The number of later events that the consumer has.</param>
/// <param name="Nanoseconds">When the event was stored, by the server's clock, in nanoseconds since 1970.</param>
/// <remarks>NATS.Net's own metadata type holds the same and more, and allocates about ten strings and objects for each message.</remarks>
internal readonly record struct MessageMetadata(long Sequence, ulong Number, ulong Pending, long Nanoseconds)
{
    private const string Prefix = "$JS.ACK.";

    /// <summary><c>stream.consumer.delivered.sequence.number.timestamp.pending</c></summary>
    private const int Words = 7;

    /// <summary>The number of words to look at. More can follow.</summary>
    private const int MaxWords = Words + 3;

    /// <summary>When the event was stored, in units of 100 nanoseconds.</summary>
    internal DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddTicks(Nanoseconds / TimeSpan.NanosecondsPerTick);

    /// <summary>Parses a reply subject. Returns false if it is not one for acknowledgements.</summary>
    /// <remarks>Newer servers put two more words at the front, the domain and the account, and one or more at the end:
    /// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md#jsack</remarks>
    public static bool TryParse(string? subject, out MessageMetadata metadata)
    {
        metadata = default;
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

        metadata = new MessageMetadata(sequence, number, pending, nanoseconds);
        return true;
    }
}
