namespace Rx.Nats;

/// <summary>Keeps the checkpoints of handlers: how far each has come.</summary>
/// <remarks>
/// <see cref="NatsCheckpointStore"/> keeps them in a key-value bucket of JetStream, <see cref="DbCheckpointStore"/> in a table of a database.
/// <para><b>Concurrency.</b> Any thread can call it at any time.</para>
/// </remarks>
public interface ICheckpointStore
{
    /// <summary>Opens a checkpoint and takes it over: an owner that opened it earlier can no longer save it.</summary>
    /// <param name="name">The checkpoint's name, with letters, digits, <c>-</c>, <c>_</c> and <c>.</c> only. A name that the store does not know is a new
    /// checkpoint.</param>
    /// <param name="cancellationToken">Cancels the call. The checkpoint may then be taken over or not.</param>
    /// <returns>The checkpoint, for its new owner.</returns>
    ValueTask<ICheckpoint> OpenAsync(string name, CancellationToken cancellationToken);
}
