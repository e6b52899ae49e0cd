namespace Rx.Nats.Handling;

/// <summary>Assigns keys to partitions, in every process and every version alike.</summary>
internal static class KeyHash
{
    /// <summary>The partition of a key: FNV-1a of its UTF-16 code units, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), modulo the number of partitions.</summary>
    internal static int Partition(string key, int count)
    {
        uint hash = 2166136261;
        foreach (char c in key)
        {
            hash = (hash ^ (byte)c) * 16777619;
            hash = (hash ^ (byte)(c >> 8)) * 16777619;
        }

        // The low bits of FNV-1a are its weakest.
        return (int)((hash ^ (hash >> 16)) % (uint)count);
    }
}
