using System.Runtime.CompilerServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the publishing thread. The first publisher to find no drainer becomes the drainer. The others append, and
/// return, or wait for their turn if too many events wait.</summary>
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

    /// <summary>See <see cref="Weak"/>. Set once, by CAS.</summary>
    private WeakReference<InlineDelivery<T>>? _weak;

    private protected InlineDelivery(EventLog<T> log, ParkingLot<T> parking, ObserverList<T> observers)
    {
        _log = log;
        _parking = parking;
        _observers = observers;
    }

    internal static InlineDelivery<T> Create(EventLog<T> log, ParkingLot<T> parking, ObserverList<T> observers, int maxBacklog) =>
        log.IsSingleWriter
            ? new SingleWriterDelivery<T>(log, parking, observers)
            : new MultiWriterDelivery<T>(log, parking, observers, maxBacklog);

    internal EventLog<T> Log => _log;

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
        int slot = subscription.Slot;
        return IsDraining && !_observers.HasMovedDuring(sequence) && slot >= 0 && slot <= Volatile.Read(ref _slot)
            ? Math.Min(sequence + 1, _log.NextSequence) // at the end there is no event
            : sequence;
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

    /// <summary>Has a run delivered that was just published: by this thread, or by the one that drains. Then throws what observers
    /// threw.</summary>
    /// <param name="sequence">The sequence number of the run's first event.</param>
    /// <param name="count">How many events the run has.</param>
    /// <param name="errors">What waking threw, to be thrown with what observers throw.</param>
    internal abstract void Deliver(long sequence, int count = 1, ErrorList errors = default);

    /// <summary>As <see cref="Deliver"/>, and wakes readers first.</summary>
    internal virtual void WakeAndDeliver(long sequence, int count = 1) => Deliver(sequence, count, WakeReaders());

    /// <summary>The delivery for the handles of subscriptions that have ended, which must keep nothing alive.</summary>
    internal WeakReference<InlineDelivery<T>> Weak => Volatile.Read(ref _weak) ?? CreateWeakSlow();

    /// <summary>Completes when <paramref name="isDone"/> returns true; it is asked whenever an observer has moved.</summary>
    internal Task WhenAsync(Func<bool> isDone, CancellationToken cancellationToken = default) =>
        ProgressWait<T>.Until(_parking, isDone, cancellationToken);

    /// <summary>Tells callers that wait for subscribers to move that one has.</summary>
    internal void NotifyProgress() => _parking.NotifyProgress();

    /// <summary>Opens the delivery if it is closed; while it is closed no thread owns the cursor, and the lock keeps others from opening
    /// it.</summary>
    private protected abstract void OpenLocked();

    /// <summary>The sequence number at which a drainer has had its share.</summary>
    /// <param name="last">The last event of its own, which belongs to its share.</param>
    private protected abstract long ShareEndOwned(long last);

    /// <summary>Hands the delivery over to another thread, the drainer having had its share; false if there is none, and this thread is
    /// still the drainer, with a new end of its share.</summary>
    private protected abstract bool TryHandOverOwned(ref long shareEnd);

    /// <summary>The last observer has left. Called under the list's lock.</summary>
    private protected abstract void OnLastRemoved();

    /// <summary>Closes the delivery if everything is delivered. By the drainer, under the lock.</summary>
    private protected abstract bool TryCloseLockedOwned();

    /// <summary>Leaves as the drainer, the cursor having run dry; false if there is more to deliver, and this thread is still the
    /// drainer.</summary>
    private protected abstract bool TryReleaseOwned();

    /// <summary>Leaves as the drainer after the terminal event.</summary>
    private protected abstract void ReleaseEndedOwned();

    /// <summary>Delivers until dry and leaves; then throws what observers threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected void DrainOwnedAndThrow(ErrorList errors = default)
    {
        DrainOwned(ref errors);
        errors.Throw();
    }

    /// <summary>Delivers until the cursor is dry, and leaves; or until this thread has delivered its share and another thread takes over.</summary>
    /// <param name="errors">Takes what observers throw.</param>
    /// <param name="last">The last event that this thread has published, or -1.</param>
    private protected void DrainOwned(ref ErrorList errors, long last = -1)
    {
        long shareEnd = ShareEndOwned(last);
        bool isDone;
        do
        {
            bool isDry = TryDeliverPublishedOwned(shareEnd);
            bool isAtEnd = _cursor.IsAtEnd(_log);
            if (isAtEnd)
            {
                FinishOwned();
            }

            // Before another thread can become the drainer.
            errors.AddRange(TakeErrorsOwned());
            if (isAtEnd)
            {
                _cursor.Close(_log);
                ReleaseEndedOwned();
                break;
            }

            isDone = isDry ? TryLeaveOwned() : TryHandOverOwned(ref shareEnd);
        }
        while (!isDone);

        _parking.NotifyProgress();
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

    private WeakReference<InlineDelivery<T>> CreateWeakSlow() => LazyInitializer.EnsureInitialized(ref _weak, () => new(this));

    /// <summary>Delivers what is published before a sequence number; true if the cursor is dry, false if it has reached
    /// that number.</summary>
    /// <remarks>It may stand after that number already: between leaving and becoming the drainer again, others may have delivered.</remarks>
    private bool TryDeliverPublishedOwned(long end)
    {
        ReadOnlyMemory<T> run;
        while (_cursor.Sequence < end && !(run = _cursor.PeekRun(_log, (int)Math.Min(end - _cursor.Sequence, int.MaxValue))).IsEmpty)
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

        if (_cursor.Sequence >= end)
        {
            return false;
        }

        if ((_log.Flags & PublishFlags.HasJoiners) != 0)
        {
            AdmitOwned();
        }

        return true;
    }

    /// <summary>Leaves as the drainer, and closes the delivery when no observer is subscribed, so that it keeps no events.</summary>
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
