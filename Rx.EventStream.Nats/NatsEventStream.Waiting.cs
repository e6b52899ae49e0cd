namespace Rx.Nats;

public sealed partial class NatsEventStream<T>
{
    /// <summary>Completes when the current subscribers of <see cref="Events"/> have consumed everything that the server has at the time of the call.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when each of those events has passed through the local stream, and each
    /// subscriber that the local stream has then has consumed it, or has ended. Readers do not count: a reader reads when its owner wants.</returns>
    /// <remarks>
    /// The call asks the server for its last event, of the <see cref="NatsEventStreamOptions{T}.Filter"/> if there is one. If the server cannot be reached, the
    /// call asks again until it can. Events that are no longer in the stream are not waited for. Reads from <see cref="From"/>, <see cref="ReadAllAsync"/> and
    /// <c>ToProjection</c> are not waited for; a projection has a method of the same name.
    /// <para><b>Concurrency.</b> Any thread can call it. An observer that blocks until the task completes waits for itself.</para>
    /// </remarks>
    /// <exception cref="EventStreamGapException">The task fails with it if the local stream ends with it first. The same holds for the other errors that
    /// <see cref="Events"/> can end with.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed, or is disposed before everything is consumed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public async Task WhenCaughtUpAsync(CancellationToken cancellationToken = default)
    {
        _lifetime.ThrowUnlessOpen(this);
        await _caughtUp.WhenCaughtUpAsync(cancellationToken).ConfigureAwait(false);
        await Local.WhenCaughtUpAsync(cancellationToken).ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(Local.IsDisposed, this); // which ends subscriptions too
    }

    /// <summary>The sequence number of the last event that the server has, of the filter if there is one; 0 if it has none. For health checks.</summary>
    internal async Task<long> FindEndAsync(CancellationToken cancellationToken) =>
        await _api.FindEndAsync(_options.Filter, stored: 0, cancellationToken).ConfigureAwait(false) ?? 0;
}
