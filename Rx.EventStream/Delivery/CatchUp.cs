using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Replays for a late subscriber on the subscribing thread, without keeping others waiting, and then hands over to the threads
/// that publish.</summary>
/// <remarks>
/// The subscription has its place in the list from the start. Events that were claimed before are read here, even if that means to wait for
/// a writer that has not published yet. Then:
/// <code>
/// P (drainer):    mark := published;                                does a subscription wait? no: not delivered to it
/// C (subscriber): state := Waiting; has joiners; process-wide barrier;  mark? then take the subscription back
/// </code>
/// The barrier is process-wide, since a single writer has no fence between its mark and its look at the flag. If both see the
/// other, the CAS from Waiting decides which thread goes on. A subscriber that leaves the rest to a drainer stays Waiting for a moment, although there is
/// more; see <see cref="CatchUpRounds"/>.
/// </remarks>
internal sealed class CatchUp<T>
{
    private readonly InlineSubscription<T> _subscription;
    private readonly InlineDelivery<T> _delivery;
    private readonly EventLog<T> _log;

    /// <summary>Where the subscription stands; closed once it is live. Owned by the thread that replays; while Waiting by no
    /// thread.</summary>
    private Cursor<T> _cursor;

    internal CatchUp(InlineSubscription<T> subscription, InlineDelivery<T> delivery, Cursor<T> cursor)
    {
        _subscription = subscription;
        _delivery = delivery;
        _log = delivery.Log;
        _cursor = cursor;
    }

    internal long Sequence => _cursor.Sequence;

    /// <summary>The event that the observer is being called with, where it lies.</summary>
    internal ReadOnlyMemory<T> SliceInDelivery() => _cursor.PeekBatch(_log, 1);

    /// <summary>Replays, and returns when the subscription waits to be admitted, or has ended.</summary>
    internal void Run()
    {
        object? outer = DeliveryScope.Enter(_log);
        try
        {
            if (ReplayToTheEnd())
            {
                _cursor.Close(_log);
                _subscription.FinishReplaying();
            }
        }
        finally
        {
            DeliveryScope.Leave(outer);
            _delivery.NotifyProgress();
        }
    }

    /// <summary>Replays until there is no more; false if the subscription then waits to be admitted, true if it ends.</summary>
    private bool ReplayToTheEnd()
    {
        try
        {
            if (!_log.IsDisposed)
            {
                _delivery.Add(_subscription);
            }

            (_subscription.Observer as IReplayObserver)?.OnReplaying();
            long claimed = _log.Claimed;
            var rounds = new CatchUpRounds(_cursor.Sequence, claimed);
            while (true)
            {
                ReplayOwned(claimed, rounds.Next);
                if (_cursor.IsAtEnd(_log) || _log.IsDisposed || !_subscription.TryWait())
                {
                    return true;
                }

                Interlocked.MemoryBarrierProcessWide();
                bool isNoNearer = rounds.BeginNext(_cursor.Sequence, _log.NextSequence);
                if (!_cursor.LooksReady(_log)
                    || (isNoNearer && CatchUpRounds.IsTakenSoon(_subscription, static subscription => subscription.IsWaiting))
                    || !_subscription.TryTakeBack())
                {
                    return false;
                }
            }
        }
        catch (Exception error)
        {
            Abandon(error);
            throw;
        }
    }

    /// <summary>Replays what lies before the event at <paramref name="sequence"/>. By the draining thread that has admitted the
    /// subscription.</summary>
    internal void ReplayRestOwned(long sequence, InlineDelivery<T> delivery)
    {
        while (_cursor.Sequence < sequence && _cursor.TryPeek(_log, out T? value) && _subscription.Observer is { } observer)
        {
            try
            {
                observer.OnNext(value);
            }
            catch (Exception error)
            {
                delivery.AddErrorOwned(error);
            }

            _cursor.MoveOn();
        }

        _cursor.Close(_log);
    }

    internal void Close() => _cursor.Close(_log);

    /// <summary>Ends the subscription without its observer being told. By the subscribing thread, which replays, or is about to.</summary>
    internal void Abandon(Exception error)
    {
        try
        {
            _subscription.DisposeWith(error);
        }
        finally
        {
            _cursor.Close(_log);
            _subscription.LetGo(_cursor.Sequence);
        }
    }

    /// <summary>Calls the observer with what is published before <paramref name="next"/>, and perhaps with some events more, unless the subscription ends. Waits
    /// for what comes before <paramref name="claimed"/>.</summary>
    private void ReplayOwned(long claimed, long next)
    {
        var wait = new SpinWait();
        while (_subscription.Observer is not null && !_log.IsDisposed)
        {
            ReadOnlySpan<T> run = _cursor.PeekRun(_log, int.MaxValue).Span;
            if (!run.IsEmpty)
            {
                ReplayRunOwned(run);
                if (_cursor.Sequence >= next)
                {
                    return;
                }
            }
            else if (_cursor.Sequence >= claimed || _cursor.IsAtEnd(_log))
            {
                return;
            }
            else
            {
                wait.SpinOnce();
            }
        }
    }

    /// <summary>Calls the observer with events that lie side by side, unless the subscription ends.</summary>
    private void ReplayRunOwned(ReadOnlySpan<T> run)
    {
        // The same for the whole run, so that the compiler asks for its class once.
        if (_subscription.Observer is not { } observer)
        {
            return;
        }

        // Counted from the end, by one number for the place and the sequence number: with two the loop would keep one of them on the stack.
        ref T end = ref Unsafe.Add(ref MemoryMarshal.GetReference(run), run.Length);
        long last = _cursor.Sequence + run.Length;
        for (nint i = -run.Length; i < 0; i++)
        {
            observer.OnNext(Unsafe.Add(ref end, i));
            _cursor.MoveTo(last + i + 1);
            if (_subscription.Observer is null)
            {
                return;
            }
        }
    }
}
