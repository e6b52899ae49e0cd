namespace Rx.Nats;

/// <summary>How far a handler has come, for the owner that has opened the checkpoint.</summary>
/// <remarks><b>Concurrency.</b> One call at a time.</remarks>
public interface ICheckpoint
{
    /// <summary>The sequence number of the first event that is not handled, as far as this owner knows. 0 for a new checkpoint.</summary>
    long Next { get; }

    /// <summary>Saves the checkpoint. A smaller number than the saved one changes nothing.</summary>
    /// <param name="next">The sequence number of the first event that is not handled; at least 1.</param>
    /// <param name="cancellationToken">Cancels the call. The checkpoint may then be saved or not.</param>
    /// <returns>A task that completes when the checkpoint is saved.</returns>
    /// <exception cref="CheckpointLostException">Another owner has opened the checkpoint. Nothing was saved.</exception>
    ValueTask SaveAsync(long next, CancellationToken cancellationToken);
}
