using Rx.Nats.Handling;

namespace Rx.Nats;

/// <content>Handlers with checkpoints.</content>
public sealed partial class NatsEventStream<T>
{
    private readonly OpenHandlers _handlers = new();

    /// <summary>Handles each event once, in order, across restarts: a checkpoint keeps the first event that is not handled.</summary>
    /// <param name="handler">Handles an event. Its token is canceled when the handler is disposed, ends or loses its partition.</param>
    /// <param name="options">The handler's name, where its checkpoint is kept, and how it is called.</param>
    /// <returns>The running handler. It ends when it is stopped or disposed, when this stream is disposed, and when it cannot go on:
    /// <see cref="NatsSubscription.Completion"/> tells why.</returns>
    /// <remarks>
    /// The handler starts at its checkpoint, and the first time at <see cref="NatsHandlerOptions{T}.Start"/>. It is called on the thread pool. It reads through
    /// a consumer of its own: no observer of <see cref="Events"/> slows it down, and no more than <see cref="NatsEventStreamOptions{T}.Prefetch"/> and
    /// <see cref="NatsHandlerOptions{T}.MaxPending"/> events wait for it.
    /// <para>The checkpoint is never ahead of an event that is not handled. If the process is killed, events that were handled after the last save are handled
    /// again; see <see cref="NatsHandlerOptions{T}.SaveInterval"/> and <see cref="DbCheckpointStore"/>. A second instance with the same name takes the checkpoint
    /// over, and the first ends with a <see cref="CheckpointLostException"/>. With <see cref="NatsHandlerOptions{T}.Partitions"/>, the instances share the
    /// events.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public NatsSubscription SubscribeAwait(Func<NatsEvent<T>, CancellationToken, ValueTask> handler, NatsHandlerOptions<T> options) =>
        SubscribeAwait(handler, options, TimeProvider.System);

    /// <summary>As the public method, with a clock for leases.</summary>
    internal NatsSubscription SubscribeAwait(Func<NatsEvent<T>, CancellationToken, ValueTask> handler, NatsHandlerOptions<T> options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(options);
        _lifetime.ThrowUnlessOpen(this);
        return new NatsSubscription(_handlers.Add(new HandlerRun<T>(_api, _options, options, handler, clock)));
    }
}
