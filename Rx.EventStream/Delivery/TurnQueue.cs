using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Publishers that wait until their event is delivered, or the delivery is handed over to them. First come, first
/// served.</summary>
/// <remarks>Publishers take its lock only when they have to wait, and drainers only while a publisher waits.</remarks>
internal sealed class TurnQueue
{
    private readonly UninterruptibleLock _gate = new();

    /// <summary>The publishers in order of arrival. Under the lock.</summary>
    private readonly Queue<Turn> _turns = new();

    /// <summary>How many turns are in the queue. Written under the lock with release; read by drainers with acquire.</summary>
    private int _count;

    /// <summary>Whether no publisher waits. Callers say in which order they look.</summary>
    internal bool IsEmpty => Volatile.Read(ref _count) == 0;

    internal void Enter(Turn turn)
    {
        using (_gate.Enter())
        {
            _turns.Enqueue(turn);
            Volatile.Write(ref _count, _turns.Count);
        }
    }

    /// <summary>Waits no more; false if the publisher has been called.</summary>
    internal bool TryLeave(Turn turn)
    {
        using (_gate.Enter())
        {
            bool isWaiting = !turn.IsOver;
            turn.IsOver = true; // it stays in the queue until its turn has come
            return isWaiting;
        }
    }

    /// <summary>Has a publisher wait no more, if it has not been called yet.</summary>
    internal void GiveUp(Turn turn)
    {
        if (TryLeave(turn))
        {
            turn.Call();
        }
    }

    /// <summary>Blocks until the publisher is called.</summary>
    /// <returns>Whether the delivery was handed over to it.</returns>
    internal bool Wait(Turn turn)
    {
        try
        {
            turn.Wait();
        }
        catch (ThreadInterruptedException)
        {
            if (TryLeave(turn))
            {
                throw;
            }

            // It was called at the same time, and may have the delivery now: the interruption meets the next wait.
            Thread.CurrentThread.Interrupt();
        }

        return turn.IsHandedOver;
    }

    /// <summary>Calls, in order, publishers that have nothing left to wait for, the drainer having left: their events are delivered, or they
    /// wait for an offer.</summary>
    /// <param name="delivered">The sequence number before which everything is delivered.</param>
    internal void CallDelivered(long delivered)
    {
        if (IsEmpty)
        {
            return;
        }

        using (_gate.Enter())
        {
            while (_turns.TryPeek(out Turn? turn) && (turn.IsOver || turn.TakesOffer || turn.Last < delivered))
            {
                CallLocked(_turns.Dequeue());
            }

            Volatile.Write(ref _count, _turns.Count);
        }
    }

    /// <summary>Calls every publisher: there is nothing to wait for any more.</summary>
    internal void CallAll() => CallDelivered(long.MaxValue);

    /// <summary>Hands the delivery over to the first publisher that waits for it, and calls those before it whose events are
    /// delivered.</summary>
    /// <returns>False if there is none: the caller is still the drainer.</returns>
    internal bool TryHandOver(long delivered)
    {
        Turn? next = null;
        using (_gate.Enter())
        {
            while (next is null && _turns.TryDequeue(out Turn? turn))
            {
                if (!turn.IsOver && (turn.TakesOffer || turn.Last >= delivered))
                {
                    turn.IsOver = true;
                    turn.IsHandedOver = true;
                    next = turn;
                }
                else
                {
                    CallLocked(turn);
                }
            }

            Volatile.Write(ref _count, _turns.Count);
        }

        // Last of all: from then on the delivery is the other thread's.
        next?.Call();
        return next is not null;
    }

    private static void CallLocked(Turn turn)
    {
        if (!turn.IsOver)
        {
            turn.IsOver = true;
            turn.Call();
        }
    }
}
