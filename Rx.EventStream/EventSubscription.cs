using System.Diagnostics;
using Rx.Delivery;

namespace Rx;

/// <summary>One observer's subscription to an <see cref="EventStream{T}"/>: what <c>Subscribe</c> returns, and what
/// <see cref="EventStream{T}.Subscriptions"/> lists.</summary>
/// <remarks>
/// <b>Concurrency.</b> All members may be used from any thread at any time. The figures are read while events are being
/// delivered, so two of them may be of different moments.
/// </remarks>
[DebuggerDisplay("{Name,nq} Sequence = {Sequence}, Lag = {Lag}")]
public abstract class EventSubscription : IDisposable
{
    /// <summary>The slot in the list of subscriptions, or -1 while in none; read and written under the list's lock.</summary>
    internal int Slot = -1;

    private readonly DateTime _subscribedAt = DateTime.UtcNow;

    private protected EventSubscription(string? name) => Name = name;

    /// <summary>The name given with <see cref="EventObservable{T}.WithName"/>, or null.</summary>
    public string? Name { get; }

    /// <summary>The sequence number of the next event for this observer: every event before it was delivered, or dropped, or came before
    /// the observer joined.</summary>
    public abstract long Sequence { get; }

    /// <summary>How many published events this observer has not had yet; 0 once it has ended.</summary>
    public abstract long Lag { get; }

    /// <summary>How many events were delivered to this observer.</summary>
    public abstract long Delivered { get; }

    /// <summary>How many events this observer missed because it lagged too far; see <see cref="LagPolicy"/>.</summary>
    public abstract long Dropped { get; }

    /// <summary>When the subscription was made, in UTC.</summary>
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

    /// <summary>The sequence number of the event that the observer is being called with. For the thread that calls it.</summary>
    internal abstract long SequenceInDelivery { get; }

    /// <summary>Whether the observer has consumed all events before <paramref name="sequence"/>.</summary>
    internal abstract bool HasConsumed(long sequence);

    /// <summary>Runs an action once when a subscription on a scheduler has ended; at once if it has. On the publishing thread a
    /// subscription ends only with its stream or by its owner, so nothing runs.</summary>
    internal virtual void OnEnded(Action action)
    {
    }

    /// <summary>Ends the subscription. Calling it again does nothing.</summary>
    /// <remarks>No event starts after this returns, unless it was called from inside the observer, or while the observer is being called,
    /// or is about to be, on another thread; that call is then the last.</remarks>
    public abstract void Dispose();
}
