using Rx.Storage;

namespace Rx.Delivery;

/// <summary>A pump's turn among the observers on the publishing thread: each event is granted to the pump there, and wakes it.</summary>
/// <remarks>
/// Rx's <c>ObserveOn</c> is an observer that queues the event and schedules. Where the order of scheduled actions shows in the log, a pump
/// learns of each event as such an observer does, in subscription order with those that have no scheduler. It delivers no event before, though
/// the event may lie in the log already: else it could be scheduled ahead of an observer whose turn comes first. On other schedulers pumps are
/// woken together, before the observers are called, which costs publishers nothing while the pumps are busy.
/// <code>
/// P (drainer): granted := the event;  fence;  does an earlier granted event wait? yes: the pump schedules itself
///                                             state Parked?  (a CAS)              no: the pump has not looked yet
/// C (pump):    delivers;  state := Parked  (a CAS);  granted?                     yes: schedules itself
/// </code>
/// Each CAS is a full fence, also where it fails. So the drainer finds the pump parked, or the pump finds the event granted. Only the pump
/// schedules itself while an earlier event waits: the drainer has gone on to other pumps since that event, and would be too late. Events
/// before <see cref="First"/> are granted from the start, with or without a call; until the pump has passed them, it parks as other pumps do.
/// </remarks>
internal sealed class PumpTurn<T> : IObserver<T>, IDisposable
{
    private readonly InlineDelivery<T> _delivery;
    private readonly Pump<T> _pump;
    private readonly InlineSubscription<T> _subscription;

    /// <summary>See <see cref="First"/>. Written last by the constructor. A call may come before and find 0: the pump, which is scheduled, then
    /// finds what the call has granted.</summary>
    private readonly long _first;

    /// <summary>The sequence number before which the pump may deliver, if that is after <see cref="First"/>; <see cref="long.MaxValue"/> from the
    /// end on. Written with release by the draining thread, read with acquire by the thread that runs the pump.</summary>
    private long _granted;

    /// <summary>Gives a pump its turn, which is the last for now.</summary>
    internal PumpTurn(InlineDelivery<T> delivery, Pump<T> pump)
    {
        _delivery = delivery;
        _pump = pump;
        _subscription = new InlineSubscription<T>(delivery, this, name: null);
        delivery.Add(_subscription);
        Interlocked.MemoryBarrierProcessWide(); // what is published from here on is delivered by a thread that finds the turn
        _first = delivery.FindHole();
    }

    /// <summary>The sequence number from which on each event is granted by a call. Those before may have been delivered by a thread that did not find the
    /// turn, or the delivery was opened after them.</summary>
    internal long First => _first;

    /// <summary>The sequence number before which the pump may deliver.</summary>
    internal long Granted => Math.Max(First, Volatile.Read(ref _granted));

    public void Dispose() => _subscription.Dispose();

    void IObserver<T>.OnNext(T value) => Grant(_delivery.Sequence + 1);

    void IObserver<T>.OnError(Exception error) => Grant(long.MaxValue);

    void IObserver<T>.OnCompleted() => Grant(long.MaxValue);

    private void Grant(long granted)
    {
        long before = Granted;
        Volatile.Write(ref _granted, granted);
        Interlocked.MemoryBarrier(); // see the class remarks
        _pump.WakeFor(before, granted);
    }
}
