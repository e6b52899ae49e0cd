using System.Data.Common;
using Rx.Nats.Handling;

namespace Rx.Nats;

/// <summary>Saves checkpoints in the transactions of handlers.</summary>
public static class DbCheckpointExtensions
{
    /// <summary>Saves, in the handler's own transaction, that an event and all events before it are handled.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="handled">The event, as the handler got it.</param>
    /// <param name="transaction">The transaction, in the database of the handler's <see cref="DbCheckpointStore"/>. The caller commits it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that completes when the checkpoint is in the transaction.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="transaction"/> has ended.</exception>
    /// <exception cref="InvalidOperationException">The handler's checkpoints are not kept in a <see cref="DbCheckpointStore"/>, or its
    /// <see cref="NatsHandlerOptions{T}.MaxConcurrency"/> is greater than 1: earlier events may then not be handled.</exception>
    /// <exception cref="CheckpointLostException">Another owner has opened the checkpoint. The caller must not commit the transaction.</exception>
    /// <exception cref="DbException">The database refuses the statement.</exception>
    public static Task SaveCheckpointAsync<T>(this NatsEvent<T> handled, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handled);
        ArgumentNullException.ThrowIfNull(transaction);
        if (transaction.Connection is null)
        {
            throw new ArgumentException("The transaction has ended: it was committed or rolled back.", nameof(transaction));
        }

        if (handled.Checkpoint is not DbCheckpoint checkpoint)
        {
            throw new InvalidOperationException("The handler's checkpoints are not kept in a DbCheckpointStore. Set NatsHandlerOptions.Checkpoints to one.");
        }

        if (!handled.IsInOrder)
        {
            throw new InvalidOperationException(
                "MaxConcurrency is greater than 1: earlier events may not be handled yet, and the checkpoint would leave them out. Set it to 1; more partitions " +
                "give more concurrency.");
        }

        return checkpoint.SaveAsync(handled.Sequence + 1, transaction, cancellationToken);
    }
}
