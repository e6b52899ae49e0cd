using Rx.Storage;

namespace Rx.Delivery;

/// <content>How subscriptions come into the list of observers, and leave it.</content>
internal abstract partial class InlineDelivery<T>
{
    /// <summary>Adds an observer, which takes its place in the order of observers now. It joins now too, unless it replays first.</summary>
    internal void Add(InlineSubscription<T> subscription)
    {
        using (_observers.Gate.Enter())
        {
            OpenLocked();
            switch (_observers.Count)
            {
                case 0:
                    _log.ClearFlag(PublishFlags.NoObservers);
                    break;
                case 1:
                    _log.SetFlag(PublishFlags.ManyObservers);
                    break;
                default:
                    break;
            }

            _observers.AddLocked(subscription);
            subscription.DecideFirst();
        }

        // The list has set a flag for an observer that joins now. That was a full fence, which pairs with the exchange that sets the end:
        // either the end is seen here, or the thread that ended the log finds this subscription.
        if (_log.End != long.MaxValue)
        {
            subscription.FinishWaiting(_log.Termination!);
        }
    }

    /// <summary>Gives a pump its turn among the observers.</summary>
    internal PumpTurn<T> AddTurn(Pump<T> pump) => new(this, pump);

    /// <summary>The sequence number of the first event, from where the delivery stands on, that is claimed and not published; or that of the next
    /// event.</summary>
    internal long FindHole()
    {
        long next = _log.NextSequence;
        Cursor<T> cursor;
        while (!_cursor.TryFork(out cursor))
        {
            if (!_cursor.IsOpen)
            {
                return next; // closed, and so is what has joined
            }
        }

        bool isHole = !cursor.TryMoveOverPublished(_log, next);
        cursor.Close(_log);
        return isHole ? cursor.Sequence : next;
    }

    /// <summary>Has the draining thread admit a subscription that has replayed, and waits now.</summary>
    internal void AnnounceJoiner(InlineSubscription<T> subscription)
    {
        using (_observers.Gate.Enter())
        {
            _observers.AnnounceJoinerLocked(subscription);
        }
    }

    /// <summary>Ends a subscription that is being disposed, and removes it; false if it had ended.</summary>
    /// <remarks>The observer is taken out of its slot before the state is Ended. From then on every walk asks the state, whether it goes
    /// over the observers or over the subscriptions. Otherwise one walk would skip an event, and a later one would still call the observer. The
    /// subscription leaves the list afterwards: until the state is Ended, a walk may call the observer, and the last figures count that.
    /// </remarks>
    internal bool TryEnd(InlineSubscription<T> subscription, out bool wasWaiting, out bool wasReplaying)
    {
        using (_observers.Gate.Enter())
        {
            _observers.TakeOutLocked(subscription);
            bool isEnded = subscription.TryEndLocked(out wasWaiting, out wasReplaying);
            RemoveLocked(subscription);
            return isEnded;
        }
    }

    /// <summary>Counts what a subscription has had that replayed, and has ended.</summary>
    internal void CountReplayed(InlineSubscription<T> subscription) => _observers.CountReturned(subscription);

    internal void Remove(InlineSubscription<T> subscription)
    {
        using (_observers.Gate.Enter())
        {
            RemoveLocked(subscription);
        }
    }

    private void RemoveLocked(InlineSubscription<T> subscription)
    {
        if (!_observers.RemoveLocked(subscription))
        {
            return;
        }

        switch (_observers.Count)
        {
            case 0:
                _log.SetFlag(PublishFlags.NoObservers);
                OnLastRemoved();
                break;
            case 1:
                _log.ClearFlag(PublishFlags.ManyObservers);
                break;
            default:
                break;
        }
    }
}
