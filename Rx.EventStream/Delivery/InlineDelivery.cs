using System.Runtime.CompilerServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the publishing thread. The first publisher to find no drainer becomes the drainer; the others append and
/// return.</summary>
/// <remarks>
/// The draining thread owns <see cref="_cursor"/>, which stands before the next event to deliver. How a thread becomes the drainer and
/// leaves again is what <see cref="SingleWriterDelivery{T}"/> and <see cref="MultiWriterDelivery{T}"/> differ in.
/// <para>The cursor's lease keeps what is still to be delivered. The first subscriber opens the delivery under the list's
/// lock, and the drainer closes it once it finds no subscriber left, if the lock is free at that moment. So delivering
/// never waits for the lock.</para>
/// </remarks>
internal abstract partial class InlineDelivery<T>
{
    private protected readonly EventLog<T> _log;
    private protected readonly ParkingLot<T> _parking;
    private protected readonly ObserverList<T> _observers;

    /// <summary>Before the next event to deliver. For the drainer while open; any thread reads its sequence number, for figures.</summary>
    private protected Cursor<T> _cursor;

    private protected InlineDelivery(EventLog<T> log, ParkingLot<T> parking)
    {
        _log = log;
        _parking = parking;
        _observers = new ObserverList<T>(log);
    }

    internal static InlineDelivery<T> Create(EventLog<T> log, ParkingLot<T> parking) =>
        log.IsSingleWriter ? new SingleWriterDelivery<T>(log, parking) : new MultiWriterDelivery<T>(log, parking);

    internal SubscriptionList Subscriptions => _observers;

    /// <summary>The sequence number before which everything was delivered.</summary>
    internal long Sequence => _cursor.Sequence;

    /// <summary>Whether a thread drains the delivery.</summary>
    internal abstract bool IsDraining { get; }

    /// <summary>Whether the current thread, which is about to publish, does so from inside this delivery.</summary>
    internal abstract bool IsInside { get; }

    /// <summary>The event that is being delivered, where it lies. For observers, while they are called.</summary>
    internal ReadOnlyMemory<T> SliceInDelivery() => _cursor.PeekBatch(_log, 1);

    /// <summary>The sequence number after the last event that a live observer received; the current call counts.</summary>
    internal long ReachedBy(InlineSubscription<T> subscription)
    {
        long sequence = _cursor.Sequence;
        return IsDraining && subscription.Slot <= Volatile.Read(ref _turn) ? Math.Min(sequence + 1, _log.Claimed) : sequence;
    }

    /// <summary>Publishes an event and delivers it, and every other that waits, before it returns, unless another thread, or a
    /// call further up this one, drains already.</summary>
    /// <param name="value">The event.</param>
    /// <param name="flags">What the caller has read, without <see cref="PublishFlags.GatedOrEnded"/>.</param>
    /// <remarks>Lock-free. For any writer; in single-writer mode for that one. The class is known from the flags, so no virtual call is
    /// needed.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Publish(T value, PublishFlags flags)
    {
        switch (flags)
        {
            case PublishFlags.None:
                Unsafe.As<SingleWriterDelivery<T>>(this).PublishToOne(value);
                break;
            case PublishFlags.MultiWriter:
                Unsafe.As<MultiWriterDelivery<T>>(this).PublishToOne(value);
                break;
            default:
                PublishToMany(value, flags);
                break;
        }
    }

    /// <summary>Delivers what is published, unless another thread drains. Called after publishing without being the drainer.</summary>
    /// <param name="sequence">What was published: of a run the first.</param>
    /// <param name="errors">What waking threw, to be thrown with what observers throw.</param>
    /// <returns>False if another thread drains; then the errors are still the caller's.</returns>
    internal abstract bool TryDrain(long sequence, ErrorList errors = default);

    /// <summary>Adds an observer that joins now.</summary>
    internal void Join(InlineSubscription<T> subscription)
    {
        lock (_observers.Gate)
        {
            AddLocked(subscription);
            _observers.AnnounceJoinerLocked(subscription);
        }

        // Pairs with the exchange that sets the end: either the end is seen here, or the thread that ended the log finds this subscription.
        Interlocked.MemoryBarrier();
        if (_log.End != long.MaxValue)
        {
            subscription.FinishWaiting(_log.Termination!);
        }
    }

    /// <summary>Adds an observer that replays, which takes its place in the order of observers now.</summary>
    internal void Add(InlineSubscription<T> subscription)
    {
        lock (_observers.Gate)
        {
            AddLocked(subscription);
        }
    }

    /// <summary>Has the draining thread admit a subscription that has replayed, and waits now.</summary>
    internal void AnnounceJoiner(InlineSubscription<T> subscription)
    {
        lock (_observers.Gate)
        {
            _observers.AnnounceJoinerLocked(subscription);
        }
    }

    /// <summary>Puts a subscription that is being disposed into its slot, in place of its observer.</summary>
    internal void Unlist(InlineSubscription<T> subscription)
    {
        lock (_observers.Gate)
        {
            _observers.UnlistLocked(subscription);
        }
    }

    internal void Remove(InlineSubscription<T> subscription)
    {
        lock (_observers.Gate)
        {
            if (!_observers.RemoveLocked(subscription))
            {
                return;
            }

            switch (_observers.Count)
            {
                case 0:
                    _log.SetFlag(PublishFlags.NoObservers);
                    break;
                case 1:
                    _log.ClearFlag(PublishFlags.ManyObservers);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Tells callers that wait for subscribers to move that one has.</summary>
    internal void NotifyProgress() => _parking.NotifyProgress();

    /// <summary>Opens the delivery if it is closed; while it is closed no thread owns the cursor, and the lock keeps others from opening
    /// it.</summary>
    private protected abstract void OpenLocked();

    /// <summary>Notes that this thread drains, off the fast path.</summary>
    private protected abstract void BeginDrainOwned();

    /// <summary>Closes the delivery if everything is delivered. By the drainer, under the lock.</summary>
    private protected abstract bool TryCloseLockedOwned();

    /// <summary>Leaves as the drainer, the cursor having run dry; false if there is more to deliver, and this thread is still the
    /// drainer.</summary>
    private protected abstract bool TryReleaseOwned();

    /// <summary>Leaves as the drainer after the terminal event.</summary>
    private protected abstract void ReleaseEndedOwned();

    /// <summary>Delivers until dry and leaves; then throws what observers threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected void DrainOwned(ErrorList errors = default)
    {
        BeginDrainOwned();
        do
        {
            DeliverPublishedOwned();
            bool isAtEnd = _cursor.IsAtEnd(_log);
            if (isAtEnd)
            {
                FinishOwned();
            }

            // Taken along while they are still this thread's.
            errors.AddRange(TakeErrorsOwned());
            if (isAtEnd)
            {
                _cursor.Close(_log);
                ReleaseEndedOwned();
                break;
            }
        }
        while (!TryLeaveOwned());

        _parking.NotifyProgress();
        errors.Throw();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PublishToMany(T value, PublishFlags flags)
    {
        if ((flags & PublishFlags.MultiWriter) != 0)
        {
            Unsafe.As<MultiWriterDelivery<T>>(this).PublishToMany(value, flags);
        }
        else
        {
            Unsafe.As<SingleWriterDelivery<T>>(this).PublishToMany(value, flags);
        }
    }

    private void AddLocked(InlineSubscription<T> subscription)
    {
        OpenLocked();
        subscription.SetFirst();
        _observers.AddLocked(subscription);
        switch (_observers.Count)
        {
            case 1:
                _log.ClearFlag(PublishFlags.NoObservers);
                break;
            case 2:
                _log.SetFlag(PublishFlags.ManyObservers);
                break;
            default:
                break;
        }
    }

    private void DeliverPublishedOwned()
    {
        ReadOnlyMemory<T> run;
        while (!(run = _cursor.PeekRun(_log, int.MaxValue)).IsEmpty)
        {
            foreach (T value in run.Span)
            {
                if ((_log.Flags & PublishFlags.HasJoiners) == 0)
                {
                    DeliverOwned(value);
                }
                else
                {
                    DeliverAndAdmitOwned(value);
                }

                _cursor.MoveOn();
            }
        }

        if ((_log.Flags & PublishFlags.HasJoiners) != 0)
        {
            AdmitOwned();
        }
    }

    /// <summary>Leaves as the drainer, and closes the delivery when no observer is subscribed, so that publishing is as cheap as
    /// before.</summary>
    private bool TryLeaveOwned() => (_observers.Count == 0 && TryCloseOwned()) || TryReleaseOwned();

    private bool TryCloseOwned()
    {
        if (!_observers.Gate.TryEnter())
        {
            return false;
        }

        bool isClosed = _observers.Count == 0 && TryCloseLockedOwned();
        if (isClosed)
        {
            _log.ClearFlag(PublishFlags.NoObservers);
            _cursor.Close(_log);
        }

        _observers.Gate.Exit();
        return isClosed;
    }

    /// <summary>Delivers the terminal event. Late subscribers find the end themselves.</summary>
    private void FinishOwned()
    {
        Termination termination = _log.Termination!;
        long end = _log.End;
        foreach (EventSubscription? found in _observers.Slots)
        {
            if (found is not null)
            {
                Of(found).FinishOwned(end, termination);
            }
        }

        _observers.TryRemoveEnded();
    }

    private static InlineSubscription<T> Of(EventSubscription subscription) => Unsafe.As<InlineSubscription<T>>(subscription);
}
