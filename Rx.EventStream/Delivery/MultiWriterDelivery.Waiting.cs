using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <content>Publishers that meet a drainer: they rely on it, and wait for their turn where too many events wait.</content>
internal sealed partial class MultiWriterDelivery<T>
{
    private void AnnounceContention()
    {
        if ((_log.Flags & PublishFlags.ContentionAnnounced) != 0)
        {
            Interlocked.MemoryBarrier();
            return;
        }

        _log.SetFlag(PublishFlags.Contended);
        Interlocked.MemoryBarrierProcessWide();

        // Only after the barrier: another publisher that comes at this moment must not rely on a barrier that is still to come.
        _log.SetFlag(PublishFlags.ContentionAnnounced);
    }

    /// <summary>Waits for this publisher's turn while too many events wait before its last one, or once where the delivery is offered; else
    /// pauses if another thread drains.</summary>
    private void WaitForTurns(long last, ref ErrorList errors)
    {
        if (_log.Claims.Read().IsOffered && _turns.IsEmpty)
        {
            TryWaitForTurn(new Turn(last, takesOffer: true), ref errors);
        }

        while (MustWait(last) && TryWaitForTurn(new Turn(last, takesOffer: false), ref errors))
        {
        }

        if (_log.Claims.Read().IsDraining)
        {
            PublisherBackOff.Pause(ref _cursor, last);
        }
    }

    /// <summary>Whether too many events wait before one that is published, and there are observers to wait for.</summary>
    private bool MustWait(long last) => last - _cursor.Sequence >= _maxBacklog && HasObservers;

    /// <summary>Whether the delivery goes on: it is open, has observers, and has not ended.</summary>
    private bool HasObservers =>
        (_log.Flags & PublishFlags.NoObservers) == 0 && _log.Claims.Read() is { IsOpen: true, IsEnded: false };

    /// <summary>Waits until the last event is delivered, or the delivery is handed over to this thread, which then drains; or until there is reason
    /// to ask again. False if the thread that drains waits for this one.</summary>
    /// <remarks>
    /// <code>
    /// P (publisher): enters the queue;  contended; fence;  does a thread drain?   no: drains itself
    /// C (drainer):   leaves;            contended? fence;  does a publisher wait? then calls it
    /// </code>
    /// The fence is a process-wide barrier until <see cref="PublishFlags.ContentionAnnounced"/>: this publisher may have met no drainer before,
    /// where it has drained itself and come to a hole. It then stays in the queue: the writer that fills the hole drains, and calls it.
    /// <para>Whether to wait is asked once more in the queue: the last observer may have left in between, and then no drainer calls.</para>
    /// </remarks>
    private bool TryWaitForTurn(Turn turn, ref ErrorList errors)
    {
        _turns.Enter(turn);
        AnnounceContention();
        TryDrain(turn.Last, ref errors);
        var waiting = new WaitingThread(CallingThread.Current, DeliveryScope.HandledLogs(), this, giveUp: () => _turns.GiveUp(turn));
        bool canWait = WaitingThreads.TryEnter(waiting);
        bool isHandedOver;
        try
        {
            isHandedOver = canWait && (turn.TakesOffer ? HasObservers : MustWait(turn.Last))
                ? _turns.Wait(turn)
                : !_turns.TryLeave(turn) && turn.IsHandedOver;
        }
        finally
        {
            if (canWait)
            {
                WaitingThreads.Leave(waiting);
            }
        }

        if (isHandedOver)
        {
            _log.Claims.TakeOver();
            DrainOwned(ref errors, turn.Last);
        }

        return canWait;
    }
}
