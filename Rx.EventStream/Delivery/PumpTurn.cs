using Rx.Storage;

namespace Rx.Delivery;

/// <summary>A pump's turn among the observers on the publishing thread: each event is granted to the pump there, and wakes it.</summary>
/// <remarks>
/// Rx's <c>ObserveOn</c> is an observer that queues the event and schedules. Where the order of scheduled actions shows in the log, a pump
/// learns of each event as such an observer does, in subscription order with those that have no scheduler. It delivers no event before, though
/// the event may lie in the log already: else it could be scheduled ahead of an observer whose turn comes first. On other schedulers pumps are
/// woken together, before the observers are called, which costs publishers nothing while the pumps are busy.
/// <code>
/// P (drainer): granted := the event;  state Parked?  (a CAS)  no: the pump has not looked yet
/// C (pump):    state := Parked;       (a CAS)        granted?
/// </code>
/// Each CAS is a full fence, also where it fails. So the drainer finds the pump parked, or the pump finds the event granted. Events before
/// <see cref="First"/> are granted from the start, and come without a call; until the pump has passed them, it parks as other pumps do.
/// </remarks>
internal sealed class PumpTurn<T> : IObserver<T>, IDisposable
{
    private readonly InlineDelivery<T> _delivery;
    private readonly Pump<T> _pump;
    private readonly InlineSubscription<T> _subscription;

    /// <summary>The sequence number before which the pump may deliver, if that is after <see cref="First"/>; <see cref="long.MaxValue"/> from the
    /// end on. Written with release by the draining thread, read with acquire by the thread that runs the pump.</summary>
    private long _granted;

    /// <summary>Gives a pump its turn, which is the last for now.</summary>
    internal PumpTurn(InlineDelivery<T> delivery, EventLog<T> log, Pump<T> pump)
    {
        _delivery = delivery;
        _pump = pump;
        _subscription = new InlineSubscription<T>(delivery, log, this, name: null);
        delivery.Add(_subscription);
    }

    /// <summary>The first sequence number that is granted by a call.</summary>
    internal long First => _subscription.First;

    /// <summary>The sequence number before which the pump may deliver.</summary>
    internal long Granted => Math.Max(First, Volatile.Read(ref _granted));

    public void Dispose() => _subscription.Dispose();

    void IObserver<T>.OnNext(T value) => Grant(_delivery.Sequence + 1);

    void IObserver<T>.OnError(Exception error) => Grant(long.MaxValue);

    void IObserver<T>.OnCompleted() => Grant(long.MaxValue);

    private void Grant(long granted)
    {
        Volatile.Write(ref _granted, granted);
        _pump.WakeFor(granted);
    }
}
