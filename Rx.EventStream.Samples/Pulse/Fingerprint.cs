namespace Rx.Samples.Pulse;

/// <summary>The count and hash of a series of events. Two series with the same events in the same order have the same fingerprint.</summary>
/// <remarks>Written by one subscriber, and read after the subscriber has completed.</remarks>
internal sealed class Fingerprint
{
    public long Count { get; private set; }

    public int Hash { get; private set; }

    public void Add(PulseEvent value)
    {
        Count++;
        Hash = HashCode.Combine(Hash, value);
    }

    public bool IsSameAs(Fingerprint other) => Count == other.Count && Hash == other.Hash;
}
