using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rx.Delivery;

/// <content>Delivering one batch.</content>
internal abstract partial class Pump<T>
{
    private static readonly ContextCallback _deliver = static pump =>
    {
        var self = (Pump<T>)pump!;
        self._hasFinished = self.DeliverOrFinishOwned(self._maxCount);
    };

    /// <summary>What the batch that runs in the context may deliver, and whether it has ended the pump. For the thread that runs it.</summary>
    private int _maxCount;
    private bool _hasFinished;

    /// <summary>Delivers a batch, or the terminal event, in the execution context of <c>Subscribe</c>; true if the pump has ended.</summary>
    /// <remarks>Once for a batch, not for each event. What the observer changes in the context ends with the batch.</remarks>
    private bool DeliverInContextOwned(int maxCount)
    {
        if (Volatile.Read(ref _context) is not { } context)
        {
            return DeliverOrFinishOwned(maxCount);
        }

        _maxCount = maxCount;
        ExecutionContext.Run(context, _deliver, this);
        return _hasFinished;
    }

    private bool DeliverOrFinishOwned(int maxCount)
    {
        bool isAtEnd = DeliverBatchOwned(maxCount);
        if (isAtEnd)
        {
            FinishOwned();
        }

        return isAtEnd;
    }

    /// <summary>Delivers up to <paramref name="maxCount"/> events; true if the terminal event's turn has come.</summary>
    private bool DeliverBatchOwned(int maxCount)
    {
        int left = maxCount;
        int run = 0;
        do
        {
            int delivered;
            while (left > 0 && (delivered = DeliverRunOwned(left)) > 0)
            {
                run = delivered;
                left -= delivered;
                _subscriptions.Parking.NotifyProgress();
            }
        }
        while (left > 0 && AwaitsMoreOwned(run));

        // The terminal event takes its turn like any other.
        return left > 0 && HasEndedOwned();
    }

    /// <summary>Waits a moment for more events, after a run of several; false if none came. A publisher that is about as fast as the observer would
    /// otherwise have to wake it at every event, which costs it a hundred times what publishing does.</summary>
    /// <remarks>It does not look in between: that would take the marks from the publisher's cache, one by one.</remarks>
    private protected virtual bool AwaitsMoreOwned(int run)
    {
        if (run <= 1 || LingerSpins is not (> 0 and int spins))
        {
            return false;
        }

        Thread.SpinWait(spins);
        return !IsDisposed && IsDueOwned();
    }

    /// <summary>Delivers one run of events that lie side by side, or what the observer takes; 0 when dry or disposed.</summary>
    private int DeliverRunOwned(int maxCount)
    {
        // The same for the whole run, so that the compiler asks for its class once.
        if (Volatile.Read(ref _observer) is not { } observer)
        {
            return 0;
        }

        if (_taking is { } taking)
        {
            return taking.DeliverOwned(ref _cursor, _log, IsWaitedFor ? 1 : maxCount, Granted);
        }

        // A bounded cursor looks again after each event: it must go on with what is the newest then.
        ReadOnlySpan<T> run = _cursor.PeekRun(_log, _cursor.IsBounded || IsWaitedFor ? 1 : maxCount).Span;

        if (_cursor.Sequence >= Granted)
        {
            return 0; // after the look, which may have skipped events
        }

        // Counted from the end, as in CatchUp.
        ref T end = ref Unsafe.Add(ref MemoryMarshal.GetReference(run), run.Length);
        long last = _cursor.Sequence + run.Length;
        for (nint i = -run.Length; i < 0; i++)
        {
            observer.OnNext(Unsafe.Add(ref end, i));
            if (Volatile.Read(ref _observer) is null)
            {
                // Where it ends with an error, as a projection does, it has not had the event.
                _cursor.MoveTo(Error is null ? last + i + 1 : last + i);
                return 0;
            }

            _cursor.MoveTo(last + i + 1);
        }

        return run.Length;
    }

    /// <summary>Whether there is nothing but the end to deliver, once everything before it is delivered.</summary>
    private protected bool HasEndedOwned() =>
        (_cursor.HasFailed || (_cursor.IsAtEnd(_log) && _cursor.Sequence < Granted) || _taking?.FailureOwned is not null)
        && _taking is not { HoldsEndOwned: true };

    /// <summary>Whether there is an event to deliver now.</summary>
    private protected bool IsDueOwned() => _taking is { } taking
        ? taking.IsDueOwned(ref _cursor, _log, Granted)
        : _cursor.HasEvent(_log) && _cursor.Sequence < Granted;
}
