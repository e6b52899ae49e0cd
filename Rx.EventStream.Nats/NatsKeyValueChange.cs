namespace Rx.Nats;

/// <summary>A change of a key in a bucket.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Kind">What happened to the key.</param>
/// <param name="Value">The new value, or the default of its type if the key was deleted.</param>
/// <param name="Revision">The change's revision, at least 1: the sequence number in the bucket's stream. For a key that was found to be gone after an outage,
/// the bucket's revision at which that was found.</param>
/// <remarks><b>Concurrency.</b> Immutable; can be shared and used from any thread.</remarks>
public sealed record NatsKeyValueChange<T>(string Key, NatsKeyValueChangeKind Kind, T? Value, long Revision);
