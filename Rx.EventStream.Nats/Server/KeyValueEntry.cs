namespace Rx.Nats.Server;

/// <summary>The value of a key in a bucket.</summary>
/// <param name="Value">The value; empty for a key that was deleted.</param>
/// <param name="Revision">The revision to give for the next write.</param>
internal readonly record struct KeyValueEntry(byte[] Value, ulong Revision);
