using System.Diagnostics.CodeAnalysis;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers the newest event of each key. Before each call it reads everything that is there, and keeps one event for each key: so
/// the log is free to forget the others, and the observer gets what is the newest at that moment.</summary>
internal sealed class LatestByKeyObserver<T, TKey>(IObserver<T> observer, Func<T, TKey> key) : CursorObserver<T>
{
    /// <summary>The observer, until the subscription has ended. Cleared with release by the thread that ends it, read with acquire by
    /// the thread that calls it.</summary>
    private IObserver<T>? _observer = observer;

    /// <summary>Gives an event's key. As <see cref="_observer"/>.</summary>
    private Func<T, TKey>? _key = key;

    /// <summary>What waits, until the subscription has ended. As <see cref="_observer"/>.</summary>
    private KeyedQueue<TKey, T>? _waiting = new();

    /// <summary>What <c>key</c> threw; no event is read after that. For the thread that runs the pump.</summary>
    private Exception? _keyError;

    /// <summary>The sequence number with which the first waiting key began to wait, or <see cref="long.MaxValue"/>. Written with release by the thread
    /// that runs the pump, before the cursor moves over that event; read with acquire by any thread, for figures.</summary>
    private long _firstWaiting = long.MaxValue;

    /// <summary>As <see cref="_firstWaiting"/>.</summary>
    private long _conflated;

    /// <summary>As <see cref="_firstWaiting"/>.</summary>
    private long _delivered;

    internal override Exception? FailureOwned => Volatile.Read(ref _waiting) is { Count: > 0 } ? null : _keyError;

    internal override long Conflated => Volatile.Read(ref _conflated);

    /// <summary>On the publishing thread no event waits.</summary>
    public override void OnNext(T value) => Volatile.Read(ref _observer)?.OnNext(value);

    public override void OnError(Exception error) => Volatile.Read(ref _observer)?.OnError(error);

    public override void OnCompleted() => Volatile.Read(ref _observer)?.OnCompleted();

    /// <remarks>Every event before that number was delivered, or a newer one of its key was or waits.</remarks>
    internal override long ConsumedTo(long cursor) => Math.Min(cursor, Volatile.Read(ref _firstWaiting));

    internal override long DeliveredOf(long delivered) => Volatile.Read(ref _delivered);

    internal override bool IsDueOwned(ref Cursor<T> cursor, EventLog<T> log, long granted) =>
        Volatile.Read(ref _waiting) is { Count: > 0 } || (_keyError is null && base.IsDueOwned(ref cursor, log, granted));

    internal override int DeliverOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted)
    {
        // While the observer runs, no frame of this thread refers to what waits: the subscription may end then, and it is forgotten.
        if (!TryGetFirstOwned(ref cursor, log, granted, out T? first, out long second) || Volatile.Read(ref _observer) is not { } observer)
        {
            return 0;
        }

        observer.OnNext(first);
        Volatile.Write(ref _delivered, _delivered + 1);
        RemoveFirstOwned(second);
        return 1;
    }

    /// <summary>Reads what is there, and gets the first of what waits, and the sequence number of the second.</summary>
    private bool TryGetFirstOwned(ref Cursor<T> cursor, EventLog<T> log, long granted, [MaybeNullWhen(false)] out T first, out long second)
    {
        second = long.MaxValue;
        if (Volatile.Read(ref _key) is { } key && Volatile.Read(ref _waiting) is { } waiting)
        {
            ReadAheadOwned(waiting, key, ref cursor, log, Math.Min(granted, log.NextSequence));
            if (waiting.Count > 0)
            {
                first = waiting.First;
                second = waiting.SecondSequence;
                return true;
            }
        }

        first = default;
        return false;
    }

    private void RemoveFirstOwned(long second)
    {
        if (Volatile.Read(ref _waiting) is { } waiting)
        {
            waiting.RemoveFirst();
            second = waiting.FirstSequence;
        }

        Volatile.Write(ref _firstWaiting, second);
    }

    internal override void Release()
    {
        Volatile.Write(ref _observer, null);
        Volatile.Write(ref _waiting, null);
        Volatile.Write(ref _key, null);
    }

    /// <summary>Reads what is there now; what is published in between is read before the next call, or publishers could keep the observer
    /// waiting.</summary>
    private void ReadAheadOwned(KeyedQueue<TKey, T> waiting, Func<T, TKey> key, ref Cursor<T> cursor, EventLog<T> log, long end)
    {
        while (_keyError is null && cursor.Sequence < end && cursor.PeekRun(log, int.MaxValue) is { IsEmpty: false } run)
        {
            foreach (T value in run.Span)
            {
                long sequence = cursor.Sequence;
                if (sequence >= end)
                {
                    return;
                }

                try
                {
                    if (waiting.Put(key(value), value, sequence))
                    {
                        Volatile.Write(ref _conflated, _conflated + 1);
                    }
                }
                catch (Exception error)
                {
                    _keyError = error;
                    return;
                }

                if (waiting.Count == 1)
                {
                    Volatile.Write(ref _firstWaiting, waiting.FirstSequence);
                }

                cursor.MoveTo(sequence + 1);
            }
        }
    }
}
