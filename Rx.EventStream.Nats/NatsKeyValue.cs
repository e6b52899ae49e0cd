namespace Rx.Nats;

/// <summary>The value of a key in a bucket, with its revision.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="Value">The value.</param>
/// <param name="Revision">The value's revision, at least 1: the sequence number in the bucket's stream. A client needs it to update the key only if no other
/// client has.</param>
/// <remarks><b>Concurrency.</b> Immutable; can be shared and used from any thread.</remarks>
public sealed record NatsKeyValue<T>(T Value, long Revision);
