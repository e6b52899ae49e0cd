namespace Rx.Samples.Pulse;

/// <summary>What remains of a series of events when only its length and order matter: two series with the same
/// fingerprint are the same.</summary>
/// <remarks>Written by one subscriber, read after it has completed.</remarks>
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
