using Rx.Storage;

namespace Rx.Delivery;

/// <summary>An observer that takes events from its pump's cursor itself: several in one call, later than they are there, or not all of
/// them.</summary>
/// <remarks>Members named <c>Owned</c> are for the thread that runs the pump. <see cref="IObserver{T}.OnNext"/> is called by a delivery on
/// the publishing thread only.</remarks>
internal abstract class CursorObserver<T> : IObserver<T>, ISubscriptionObserver
{
    /// <summary>How many events were passed over in favor of newer ones; for any thread.</summary>
    internal virtual long Conflated => 0;

    /// <summary>What ends the subscription, once everything before it is delivered, or null.</summary>
    internal virtual Exception? FailureOwned => null;

    /// <summary>Whether there is something to deliver that no event announces; for any thread.</summary>
    internal virtual bool IsDue => false;

    /// <summary>Whether nothing can be delivered until <see cref="IsDue"/>, whatever is published; for any thread, while the pump is
    /// parked.</summary>
    internal virtual bool IsBusy => false;

    /// <summary>Whether the terminal event must wait, until <see cref="IsDue"/>.</summary>
    internal virtual bool HoldsEndOwned => false;

    /// <summary>How many events the observer or handler has thrown at, and that were reported; for any thread.</summary>
    internal virtual long Faults => 0;

    public abstract void OnNext(T value);

    public abstract void OnError(Exception error);

    public abstract void OnCompleted();

    public virtual void OnSubscribed(EventSubscription subscription)
    {
    }

    /// <summary>Told once, before the first event, if a pump calls the observer.</summary>
    internal virtual void OnPumped(Pump<T> pump, in PumpSetup<T> setup, LagPolicy policy)
    {
    }

    /// <summary>Delivers what is due, and moves the cursor; returns how much that was, or 0.</summary>
    /// <param name="cursor">The pump's cursor.</param>
    /// <param name="log">Its log.</param>
    /// <param name="budget">How many events the action may still deliver; a batch counts as one event.</param>
    /// <param name="granted">The sequence number before which it may deliver; see <see cref="PumpTurn{T}"/>.</param>
    internal abstract int DeliverOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted);

    /// <summary>Whether <see cref="DeliverOwned"/> would deliver something. If not, the pump parks until <see cref="Awaited"/> is there, or
    /// <see cref="IsDue"/>.</summary>
    internal virtual bool IsDueOwned(ref Cursor<T> cursor, EventLog<T> log, long granted) => cursor.HasEvent(log) && cursor.Sequence < granted;

    /// <summary>The place of the event that makes a parked pump ready; for any thread.</summary>
    internal virtual Cursor<T> Awaited(in Cursor<T> cursor) => cursor;

    /// <summary>The sequence number up to which the observer has had everything, of a pump whose cursor has come so far; for any
    /// thread.</summary>
    internal virtual long ConsumedTo(long cursor) => cursor;

    /// <summary>How many events were delivered, of so many that the cursor's figures show; for any thread.</summary>
    internal virtual long DeliveredOf(long delivered) => delivered;

    /// <summary>Completes when every call has returned, once the pump makes no more; for any thread.</summary>
    internal virtual Task WhenReturnedAsync() => Task.CompletedTask;

    /// <summary>Forgets the observer. By the thread that has ended the subscription; calls that begin later reach no observer.</summary>
    internal abstract void Release();
}
