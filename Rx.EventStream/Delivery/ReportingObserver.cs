using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Reports what an observer throws from <c>OnNext</c>, and goes on with the next event.</summary>
internal sealed class ReportingObserver<T>(IObserver<T> observer, Action<EventFault<T>> report) : CursorObserver<T>
{
    /// <summary>The observer, until the subscription has ended. Cleared with release by the thread that ends it, read with acquire by
    /// the thread that calls it.</summary>
    private IObserver<T>? _observer = observer;

    /// <summary>As <see cref="_observer"/>.</summary>
    private Action<EventFault<T>>? _report = report;

    /// <summary>The subscription. Set before the first event.</summary>
    private EventSubscription? _subscription;

    /// <summary>Written with release by the thread that runs the pump; read with acquire by any thread, for figures.</summary>
    private long _faults;

    internal override long Faults => Volatile.Read(ref _faults);

    public override void OnNext(T value) => Volatile.Read(ref _observer)?.OnNext(value);

    public override void OnError(Exception error) => Volatile.Read(ref _observer)?.OnError(error);

    public override void OnCompleted() => Volatile.Read(ref _observer)?.OnCompleted();

    public override void OnSubscribed(EventSubscription subscription)
    {
        _subscription = subscription;
        (_observer as ISubscriptionObserver)?.OnSubscribed(subscription); // plain: no event has been delivered
    }

    internal override int DeliverOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted)
    {
        Action<EventFault<T>>? report = Volatile.Read(ref _report); // first: it is forgotten after the observer
        if (Volatile.Read(ref _observer) is not { } observer || !cursor.TryPeek(log, out T? value) || cursor.Sequence >= granted)
        {
            return 0;
        }

        long sequence = cursor.Sequence;
        try
        {
            observer.OnNext(value);
        }
        catch (Exception error)
        {
            Volatile.Write(ref _faults, _faults + 1);
            report!(new EventFault<T>(value, sequence, error, _subscription!));
        }

        cursor.MoveTo(sequence + 1);
        return 1;
    }

    internal override void Release()
    {
        Volatile.Write(ref _observer, null);
        Volatile.Write(ref _report, null);
    }
}
