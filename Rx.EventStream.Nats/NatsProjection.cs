using System.Diagnostics;
using Rx.Diagnostics;
using Rx.Nats.Waiting;

namespace Rx.Nats;

/// <summary>A state that is kept up to date with a stream that many machines share. Any process can continue from a saved state.</summary>
/// <typeparam name="TState">The type of the state. It must be immutable, because it is shared.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A client that takes <see cref="Current"/>, starts with its state and reads from the sequence number after it sees every event exactly once.
/// <para><b>Concurrency.</b> All members can be used from any thread at any time.</para>
/// </remarks>
[DebuggerDisplay("{_current}")]
public sealed class NatsProjection<TState, T> : IAsyncDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly Func<TState, T, TState> _apply;
    private readonly SequenceWaits _passed;
    private readonly CatchUpWait _caughtUp;

    /// <summary>The newest state. Written with release by the task that applies the events, and by no other; read with acquire.</summary>
    private NatsSnapshot<TState> _current;

    internal NatsProjection(
        NatsSnapshot<TState> saved,
        Func<TState, T, TState> apply,
        Func<Action<long>, CancellationToken, IAsyncEnumerable<Sequenced<T>>> read,
        Func<SequenceWaits, CatchUpWait> waitFor)
    {
        _current = saved;
        _apply = apply;
        _passed = new SequenceWaits(saved.Sequence);
        _caughtUp = waitFor(_passed);
        CancellationToken disposed = _disposed.Token;
        Completion = Task.Run(() => RunAsync(read(_passed.Advance, disposed), disposed), CancellationToken.None);
    }

    /// <summary>The state now, with the sequence number of the last event in it. This is what to save.</summary>
    public NatsSnapshot<TState> Current => Volatile.Read(ref _current);

    /// <summary>Completes when the projection ends: canceled when the projection is disposed, otherwise faulted with the exception that <c>apply</c> threw or
    /// that reading ended with. If the stream is disposed, that is an <see cref="ObjectDisposedException"/>.</summary>
    public Task Completion { get; }

    /// <summary>The callers that wait, for tests.</summary>
    internal SequenceWaits Passed => _passed;

    /// <summary>Completes when the event with a given sequence number is in the state. <see cref="NatsEventStream{T}.PublishAsync"/> returns the number, in this
    /// process or another one: a caller that waits for it reads its own write.</summary>
    /// <param name="sequence">The event's sequence number, at least 0. It can lie in the future.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when <see cref="Current"/> contains every event up to and including <paramref name="sequence"/>, except those that the
    /// projection does not get: events of other subjects than its filter's, events that <see cref="NatsEventStreamOptions{T}.SkipUnreadable"/> skips, and
    /// events that were deleted from the stream. <see cref="NatsSnapshot{TState}.Sequence"/> can then still be less than <paramref name="sequence"/>.</returns>
    /// <remarks>
    /// It completes at once if the projection has come that far, even if it has ended since. With a filter, a call that waits asks the server which event of the filter is the
    /// last, so it does not wait for the reader to notice events of other subjects. Without the permission to look at events, that can take five seconds or more.
    /// <para><b>Concurrency.</b> Any thread can call it. Code that runs inside <c>apply</c> must not block until the task completes.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sequence"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The projection or its stream is disposed before. If the projection ends with an error before, the task fails
    /// with that error, as <see cref="Completion"/> does.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public Task WhenReachedAsync(long sequence, CancellationToken cancellationToken = default)
    {
        if (sequence < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sequence), sequence, "An event's sequence number is at least 1. At 0 there is nothing to wait for.");
        }

        return _caughtUp.WhenReachedAsync(sequence, cancellationToken);
    }

    /// <summary>Completes when every event that the server has at the time of the call is in the state.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when <see cref="Current"/> contains those events, except those that <see cref="WhenReachedAsync"/> excepts.</returns>
    /// <remarks>
    /// The call asks the server for its last event, of the stream's filter if there is one. If the server cannot be reached, the call asks again until it can.
    /// <para><b>Concurrency.</b> Any thread can call it. Code that runs inside <c>apply</c> must not block until the task completes.</para>
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The projection or its stream is disposed, or is disposed before. If the projection ends with an error
    /// before, the task fails with that error, as <see cref="Completion"/> does.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public Task WhenCaughtUpAsync(CancellationToken cancellationToken = default) => _caughtUp.WhenCaughtUpAsync(cancellationToken);

    /// <summary>Ends the projection. <see cref="Current"/> keeps its last value. Calling it again does nothing.</summary>
    /// <returns>A task that completes when the projection has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed.IsCancellationRequested)
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
        }

        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(IAsyncEnumerable<Sequenced<T>> events, CancellationToken disposed)
    {
        try
        {
            await ApplyAllAsync(events).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _passed.End(disposed.IsCancellationRequested ? new ObjectDisposedException(TypeName.Of(typeof(NatsProjection<TState, T>)), error) : error);
            throw;
        }
    }

    private async Task ApplyAllAsync(IAsyncEnumerable<Sequenced<T>> events)
    {
        await foreach (Sequenced<T> e in events.ConfigureAwait(false))
        {
            // plain: no other thread writes the state.
            TState next = _apply(_current.State, e.Value);
            Volatile.Write(ref _current, new NatsSnapshot<TState>(next, e.Sequence));
            _passed.Advance(e.Sequence);
        }
    }
}
