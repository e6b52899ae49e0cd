using System.Diagnostics;
using Rx.Delivery;

namespace Rx;

/// <summary>A state kept up to date with a stream: what a new client starts with before it follows the stream.</summary>
/// <typeparam name="TState">The type of the state; immutable, since it is shared.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A client that starts with the state and follows the stream with <see cref="Follow"/>, <see cref="OpenReader"/> or the position of
/// <see cref="Current"/> sees every event exactly once.
/// <para>After the end of the stream the last state stays. If <c>apply</c> throws, the projection ends with that error, and so does
/// <see cref="Completion"/>; from then on the other members throw it. The stream and its subscribers are not affected, and neither are
/// clients that already follow the stream.</para>
/// <para><b>Concurrency.</b> All members may be used from any thread at any time. <see cref="State"/> and <see cref="Current"/> wait for no
/// lock.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed partial class EventProjection<TState, T> : IDisposable
{
    private readonly Folder _folder;
    private readonly EventSubscription _subscription;

    internal EventProjection(EventStream<T> stream, EventPosition<T>? from, JoinSettings settings, TState seed, Func<TState, T, TState> apply)
    {
        LagPolicy policy = settings.LagPolicy ?? LagPolicy.Unbounded; // the stream's own is for observers
        if (policy.IsBounded)
        {
            throw new InvalidOperationException(
                $"The lag policy {policy} cannot be applied to a projection: it would lose events, and the state would be wrong. " +
                "Use LagPolicy.Unbounded or LagPolicy.Wait.");
        }

        EventPosition<T> start = from ?? stream.GetOldestPosition();
        try
        {
            _folder = new Folder(stream, start.Fork(), seed, apply);
            try
            {
                _subscription = stream.Subscribe(_folder, start, settings with { LagPolicy = policy });
            }
            catch
            {
                _folder.Dispose();
                throw;
            }
        }
        finally
        {
            if (from is null)
            {
                start.Dispose();
            }
        }
    }

    /// <summary>The state now. Reading it keeps no events alive.</summary>
    /// <remarks>Before the first event of the stream it is the seed, and after its end the last state. An event that another thread is
    /// still delivering when <see cref="EventStream{T}.OnNext"/> returns may not be in it yet; see <see cref="WhenReachedAsync"/>.</remarks>
    /// <exception cref="ObjectDisposedException">The projection, or the stream, is disposed.</exception>
    /// <exception cref="Exception"><c>apply</c> threw: the same exception, each time.</exception>
    public TState State => _folder.State;

    /// <summary>The sequence number of the first event that is not in the state: how many events of the stream it contains, if the
    /// projection began with the first one. It stays readable after the end.</summary>
    /// <remarks>It goes up as events are folded. To read it together with its state, take <see cref="Current"/>.</remarks>
    public long Sequence => _folder.Sequence;

    /// <summary>The state now, and the position it belongs to. Dispose it when you have joined there.</summary>
    /// <remarks>It is what <see cref="State"/> says. Until it is disposed, or collected, it keeps the events after the position
    /// alive.</remarks>
    /// <exception cref="ObjectDisposedException">The projection, or the stream, is disposed.</exception>
    /// <exception cref="Exception"><c>apply</c> threw: the same exception, each time.</exception>
    public EventSnapshot<TState, T> Current => _folder.Take();

    /// <summary>Completes when the stream has completed and every event is in the state.</summary>
    /// <remarks>It fails with the stream's error, with the exception of <c>apply</c> or of the projection's scheduler, and with an
    /// <see cref="ObjectDisposedException"/> if the projection or the stream is disposed before. A failure that no caller looks at raises no
    /// <see cref="TaskScheduler.UnobservedTaskException"/>.</remarks>
    public Task Completion => _folder.Completion;

    /// <summary>How many callers of <see cref="WhenReachedAsync"/> wait, for tests.</summary>
    internal int WaitCount => _folder.WaitCount;

    private string DebuggerDisplay => _folder.ToString();

    /// <summary>The state now, and a reader of exactly the events that are not in it.</summary>
    /// <param name="state">The state.</param>
    /// <returns>The reader. It misses no event, whatever <see cref="EventStreamOptions.LagPolicy"/> is. Dispose it when you have read
    /// enough.</returns>
    /// <exception cref="ObjectDisposedException">The projection, or the stream, is disposed.</exception>
    /// <exception cref="Exception"><c>apply</c> threw: the same exception, each time.</exception>
    public EventReader<T> OpenReader(out TState state)
    {
        using EventSnapshot<TState, T> now = Current;
        EventReader<T> reader = now.Position.AsObservable().WithLagPolicy(LagPolicy.Unbounded).OpenReader();
        state = now.State;
        return reader;
    }

    /// <summary>Calls an action with the state now, then an observer with exactly the events that are not in it.</summary>
    /// <param name="onState">Called once, on the calling thread, before the first event. If it throws, the exception leaves this method, and
    /// the observer is not subscribed.</param>
    /// <param name="observer">Subscribed as with <see cref="EventStream{T}.Subscribe(IObserver{T})"/>, and so called on the publishing thread
    /// unless the stream has a scheduler. It misses no event, whatever <see cref="EventStreamOptions.LagPolicy"/> is.</param>
    /// <returns>An <see cref="EventSubscription"/>, which ends when disposed. The end of the projection does not end it.</returns>
    /// <remarks>
    /// Events published while <paramref name="onState"/> runs are delivered to the observer before this returns, or on the stream's scheduler.
    /// <code>
    /// stream    -1--2--3--4--|
    /// state          3
    /// observer       ---3--4--|
    /// </code>
    /// To observe on another scheduler, or with a lag policy, use the position of <see cref="Current"/>.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="onState"/> or <paramref name="observer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The projection, or the stream, is disposed.</exception>
    /// <exception cref="Exception"><c>apply</c> threw: the same exception, each time.</exception>
    public IDisposable Follow(Action<TState> onState, IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(onState);
        ArgumentNullException.ThrowIfNull(observer);
        using EventSnapshot<TState, T> now = Current;
        onState(now.State);
        return now.Position.AsObservable().WithLagPolicy(LagPolicy.Unbounded).Subscribe(observer);
    }

    /// <summary>Completes when the event with a given sequence number is in the state. <see cref="EventStream{T}.OnNextAsync"/> gives the
    /// number: a caller that waits for it reads its own write.</summary>
    /// <param name="sequence">The event's sequence number, at least 0. Once this completes, <see cref="Sequence"/> is greater.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <remarks>Completes at once if the event is in the state, or came before the projection began. The task fails if the event cannot come, and
    /// after the projection's own end, as its other members do:
    /// with an <see cref="InvalidOperationException"/> if the stream has completed, with the stream's error if it has one, with the exception
    /// that ended the projection, and with an <see cref="ObjectDisposedException"/> if the projection or the stream is disposed.
    /// <para>Do not block inside a delivery of the stream until this completes: the delivery may be what it waits for.</para></remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sequence"/> is less than 0.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task WhenReachedAsync(long sequence, CancellationToken cancellationToken = default)
    {
        if (sequence < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sequence), sequence, "An event's sequence number is at least 0. OnNextAsync returns -1 if the stream had ended.");
        }

        return _folder.WhenReachedAsync(sequence, cancellationToken);
    }

    /// <summary>The state now, then the state after each event, then the end of the stream. No state is missed or repeated.</summary>
    /// <remarks>
    /// <code>
    /// stream   -1--2--3--|
    /// sum        (1)3--6--|   for an observer that joins after 1
    /// </code>
    /// The first state comes on the subscribing thread, and those that follow on the thread that folds the events. An exception of an observer
    /// does not end the projection: it leaves the <c>OnNext</c> that published the event, or an action on the projection's scheduler.
    /// <para>Observers get an <c>OnError</c> with the stream's error, or with the exception that ended the projection. If the projection or the
    /// stream is disposed they get nothing more, as with a disposed subject; subscribing then throws
    /// <see cref="ObjectDisposedException"/>, unless the projection had ended with an exception of its own before.</para>
    /// </remarks>
    public IObservable<TState> AsObservable() => new StateObservable(_folder);

    /// <summary>Ends the projection. Snapshots taken before, and what has joined through it, stay valid. Calling it again does
    /// nothing.</summary>
    public void Dispose()
    {
        try
        {
            _folder.Dispose();
        }
        finally
        {
            _subscription.Dispose(); // throws where the scheduler cannot cancel
        }
    }
}
