using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Gives an observer the newest event of each key that it has not had, the key that has waited longest first.</summary>
/// <remarks>Before each call it takes all events that are there, so that the value it gives is the newest, and the log does not keep what
/// has been replaced. What it keeps is one event for each key that waits.</remarks>
internal sealed class LatestByKeyObserver<T, TKey>(IObserver<T> observer, Func<T, TKey> key) : CursorObserver<T>, ISubscriptionObserver
{
    /// <summary>The newest events, by key. A tuple, since a key may be null. For the cursor's owner.</summary>
    private readonly Dictionary<ValueTuple<TKey>, T> _newest = [];

    /// <summary>The keys of these events, in the order in which they began to wait. For the cursor's owner.</summary>
    private readonly Queue<ValueTuple<TKey>> _waiting = new();

    private EventSubscription? _subscription;

    /// <summary>Written with release by the cursor's owner, read with acquire by any thread.</summary>
    private bool _hasPending;

    internal override bool HasPending => Volatile.Read(ref _hasPending);

    public void OnSubscribed(EventSubscription subscription) => _subscription = subscription;

    internal override int Deliver(ref Cursor<T> cursor, EventLog<T> log)
    {
        if (!TryTakeAll(ref cursor, log) || !_waiting.TryDequeue(out ValueTuple<TKey> first))
        {
            return 0;
        }

        _newest.Remove(first, out T? value);
        observer.OnNext(value!);
        Volatile.Write(ref _hasPending, _waiting.Count > 0);
        return 1;
    }

    public override void OnNext(T value) => observer.OnNext(value);

    public override void OnError(Exception error) => observer.OnError(error);

    public override void OnCompleted() => observer.OnCompleted();

    /// <summary>Takes the events that are there; false if a key could not be told, which has ended the subscription.</summary>
    private bool TryTakeAll(ref Cursor<T> cursor, EventLog<T> log)
    {
        for (ReadOnlyMemory<T> run = cursor.PeekRun(log, int.MaxValue); !run.IsEmpty; run = cursor.PeekRun(log, int.MaxValue))
        {
            Volatile.Write(ref _hasPending, true); // before the cursor moves: a caller that waits looks at the cursor first
            foreach (T value in run.Span)
            {
                if (!TryTake(value))
                {
                    return false;
                }
            }

            cursor.MoveTo(cursor.Sequence + run.Length);
        }

        return true;
    }

    private bool TryTake(T value)
    {
        ValueTuple<TKey> waiting;
        try
        {
            waiting = new(key(value));
        }
        catch (Exception error)
        {
            _subscription!.Dispose();
            observer.OnError(error);
            return false;
        }

        if (!_newest.ContainsKey(waiting))
        {
            _waiting.Enqueue(waiting);
        }

        _newest[waiting] = value;
        return true;
    }
}
