using Rx.Storage;

namespace Rx.Delivery;

/// <summary>A pump's turn among the observers on the publishing thread: each event wakes the pump there.</summary>
/// <remarks>
/// Rx's <c>ObserveOn</c> is an observer that schedules. Where the order of scheduled actions shows in the log, a pump is woken as such an
/// observer is, in subscription order with those that have no scheduler. On other schedulers pumps are woken together, before the
/// observers are called, which costs publishers nothing while the pumps are busy.
/// <code>
/// P (drainer): mark is published;  state Parked?  (a CAS)  no: the pump has not looked yet
/// C (pump):    state := Parked     (a CAS);       mark?
/// </code>
/// Each CAS is a full fence, also where it fails. So the drainer finds the pump parked, or the pump finds the mark. Events before
/// <see cref="First"/> come without a call; until the pump has passed them, it parks as other pumps do.
/// </remarks>
internal sealed class PumpTurn<T> : IObserver<T>, IDisposable
{
    private readonly Pump<T> _pump;
    private readonly InlineSubscription<T> _subscription;

    /// <summary>Gives a pump its turn, which is the last for now.</summary>
    internal PumpTurn(InlineDelivery<T> delivery, EventLog<T> log, Pump<T> pump)
    {
        _pump = pump;
        _subscription = new InlineSubscription<T>(delivery, log, this, name: null);
        delivery.Add(_subscription);
    }

    /// <summary>The first sequence number that wakes the pump.</summary>
    internal long First => _subscription.First;

    public void Dispose() => _subscription.Dispose();

    void IObserver<T>.OnNext(T value) => _pump.Wake();

    void IObserver<T>.OnError(Exception error) => _pump.Wake();

    void IObserver<T>.OnCompleted() => _pump.Wake();
}
