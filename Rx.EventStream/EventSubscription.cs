using System.Diagnostics;
using Rx.Delivery;

namespace Rx;

/// <summary>One observer's subscription to an <see cref="EventStream{T}"/>: what <c>Subscribe</c> returns, and what
/// <see cref="EventStream{T}.Subscriptions"/> lists.</summary>
/// <remarks>
/// For a reader, which <see cref="EventStream{T}.Subscriptions"/> lists too, an event counts as delivered when it was read, and
/// <see cref="Dispose"/> disposes the reader.
/// <para><b>Concurrency.</b> All members may be used from any thread at any time. The figures are read while events are being
/// delivered, so two of them may be of different moments.</para>
/// </remarks>
[DebuggerDisplay("{Name,nq} Sequence = {Sequence}, Lag = {Lag}")]
public abstract class EventSubscription : IDisposable
{
    /// <summary>The slot in the list of subscriptions, or -1 while in none; read and written under the list's lock.</summary>
    internal int Slot = -1;

    /// <summary>Its place in subscription order among the subscriptions of the same list, which stays when slots move. Written once under
    /// the list's lock, read by the subscription afterwards.</summary>
    internal long Number;

    private readonly DateTime _subscribedAt = CoarseClock.UtcNow;

    private protected EventSubscription(string? name) => Name = name;

    /// <summary>The name given with <see cref="EventObservable{T}.WithName"/>, or null.</summary>
    public string? Name { get; }

    /// <summary>The sequence number of the next event for this observer: every event before it was delivered, or dropped, or came before
    /// the observer joined.</summary>
    public abstract long Sequence { get; }

    /// <summary>How many published events this observer has not had yet; 0 once it has ended.</summary>
    public abstract long Lag { get; }

    /// <summary>How many events were delivered to this observer. If another thread disposes it while an event is delivered, that event may
    /// count or not; inside a run, or with <see cref="EventStreamOptions.SingleWriter"/>, so may the last few.</summary>
    public abstract long Delivered { get; }

    /// <summary>How many events this observer skipped because it lagged too far; see <see cref="LagPolicy"/>. Of one that
    /// <see cref="LagPolicy.Fail"/> has ended, <see cref="SubscriberLaggedException.MissedCount"/> tells what it missed.</summary>
    public abstract long Dropped { get; }

    /// <summary>How many events the observer or handler threw at, and <see cref="FaultPolicy{T}.Continue"/> reported. An event counts before its report is
    /// called, so it counts too where the report throws and ends the subscription. 0 for observers on the publishing thread, and for readers.</summary>
    public abstract long Faults { get; }

    /// <summary>When the subscription was made, in UTC, to some 16 milliseconds.</summary>
    public DateTimeOffset SubscribedAt => _subscribedAt; // a DateTime takes half the memory

    /// <summary>The exception that ended the subscription: of its observer, its scheduler or the stream, or a
    /// <see cref="SubscriberLaggedException"/>. Null if it has not ended, or ended without an exception.</summary>
    public Exception? Error
    {
        get => Volatile.Read(ref field);
        private protected set => Volatile.Write(ref field, value);
    }

    /// <summary>Whether the subscription has ended: it was disposed, or its observer got the terminal event, or threw on a
    /// scheduler.</summary>
    public abstract bool IsDisposed { get; }

    /// <summary>Whether it ended with an exception of its own, not with the stream's. Right when it leaves the list.</summary>
    internal virtual bool HasFailed => Error is not null;

    /// <summary>Whether it is the turn of a subscription that another list has, so that no figure counts it.</summary>
    internal virtual bool StandsForAnother => false;

    /// <summary>Whether it leaves the list while its observer may be in a call, after whose return <see cref="SubscriptionList.CountReturned"/> is
    /// called. Right when it leaves the list.</summary>
    internal virtual bool IsReturning => false;

    /// <summary>Whether it is a reader, which pulls, and for which nothing waits.</summary>
    internal virtual bool IsReader => false;

    /// <summary>How many of the newest events it keeps in memory.</summary>
    internal virtual long KeptEvents => Lag;

    /// <summary>What gives the sequence number of the event that the observer is being called with. Taken before the first event; for the
    /// thread that calls the observer.</summary>
    internal abstract Func<long> SequenceInDelivery { get; }

    /// <summary>Whether the observer has consumed all events before <paramref name="sequence"/>.</summary>
    internal abstract bool HasConsumed(long sequence);

    /// <summary>Runs an action once when the subscription has ended, before the observer gets the terminal event; at once if it
    /// has.</summary>
    internal abstract void OnEnded(Action action);

    /// <summary>The stream has ended, or was disposed.</summary>
    internal virtual void OnStreamEnded()
    {
    }

    /// <summary>The disposed stream is about to forget its events, but what the subscription has still to read.</summary>
    internal virtual void OnLettingGo()
    {
    }

    /// <summary>Waits until this subscription has consumed every event published by now, or has ended.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <remarks>A handler of <see cref="EventObservable{T}.SubscribeAwait"/> has consumed an event when its call has returned.</remarks>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task WhenCaughtUpAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : WhenConsumedAsync(cancellationToken);

    /// <summary>Waits until the subscription has ended, and the last call of its observer or handler has returned.</summary>
    /// <remarks>After <see cref="Dispose"/>, a call may still run on another thread. A handler of
    /// <see cref="EventObservable{T}.SubscribeAwait"/> runs until it heeds its cancellation token, or ends by itself. Awaited inside that very
    /// call, the task never completes; nor, without a scheduler, inside the call of another observer of the stream. A reader ends when it is
    /// disposed, or when its <see cref="EventReader{T}.Completion"/> completes.</remarks>
    public async Task WhenEndedAsync()
    {
        await WhenEndActionsRunAsync().ConfigureAwait(false);
        await WhenReturnedAsync().ConfigureAwait(false);
    }

    /// <summary>Completes when <see cref="OnEnded"/> runs its actions, or there is nothing more to come.</summary>
    internal virtual Task WhenEndActionsRunAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        OnEnded(() => ended.TrySetResult());
        return ended.Task;
    }

    /// <summary>Completes when everything published by now is consumed, or the subscription has ended.</summary>
    internal abstract Task WhenConsumedAsync(CancellationToken cancellationToken);

    /// <summary>Completes when the last call of the observer has returned, once the subscription has ended.</summary>
    internal virtual Task WhenReturnedAsync() => Task.CompletedTask;

    /// <summary>Ends the subscription with an exception of its observer. By the thread that calls the observer.</summary>
    internal virtual void DisposeWith(Exception error)
    {
        if (!IsDisposed) // or it had ended before, and the exception is not what ended it
        {
            Error ??= error;
        }

        Dispose();
    }

    /// <summary>Ends the subscription. Calling it again does nothing.</summary>
    /// <remarks>No event starts after this returns, unless it was called from inside the observer, or while the observer is being called,
    /// or is about to be, on another thread; that call is then the last.</remarks>
    public abstract void Dispose();
}
