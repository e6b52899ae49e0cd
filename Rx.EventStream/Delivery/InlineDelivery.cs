using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the publishing thread: a trampoline. Who finds nobody delivering does it; others append and leave.</summary>
/// <remarks>
/// Several writers: the log's claim word says whether this delivery is open (<see cref="EventLog{T}.Inline"/>) and whether
/// somebody is at it (<see cref="EventLog{T}.Draining"/>). Setting the latter, mostly with the claim itself, gives
/// ownership of <see cref="_cursor"/>; clearing it, by a CAS that fails when something was claimed meanwhile, gives it up.
/// <para>A single writer needs neither: it owns the cursor whenever <see cref="_isOpen"/>.</para>
/// <para>The cursor's lease keeps what is still to be delivered. It is opened by the first subscriber under the list's
/// lock, and closed by the owner once it finds no subscriber left, if the lock is free at that moment; so delivering
/// never waits for the lock.</para>
/// </remarks>
internal sealed class InlineDelivery<T>
{
    private readonly EventLog<T> _log;
    private readonly SubscriptionList _subscriptions = new();

    /// <summary>The next event to deliver to everyone. Owner-only while open; its sequence is read by anyone for figures.</summary>
    private Cursor<T> _cursor;

    /// <summary>Single writer only: whether <see cref="_cursor"/> is the writer's. Set under the lock with release, cleared
    /// under the lock by the writer, read with acquire by the writer.</summary>
    private bool _isOpen;

    /// <summary>Single writer only, and only its own: whether an <c>OnNext</c> further up its stack is delivering.</summary>
    private bool _isDraining;

    /// <summary>What observers threw during the delivery that is on; the owner takes it along when it leaves. Owner-only.</summary>
    private List<Exception>? _errors;

    internal InlineDelivery(EventLog<T> log) => _log = log;

    /// <summary>The event that is being delivered, where it lies. For observers, while they are called.</summary>
    internal ReadOnlyMemory<T> SliceInDelivery() => _cursor.PeekRun(_log, 1);

    internal SubscriptionList Subscriptions => _subscriptions;

    /// <summary>The sequence before which everything was delivered.</summary>
    internal long Sequence => _cursor.Sequence;

    internal bool IsBusy => _log.IsSingleWriter
        ? Volatile.Read(ref _isDraining)
        : (Volatile.Read(ref _log.Claims) & EventLog<T>.Draining) != 0;

    private static InlineSubscription<T> Of(SubscriptionNode node) => Unsafe.As<InlineSubscription<T>>(node.Subscription);

    /// <summary>Publishes an event and delivers it, and what else is there, before it returns, unless another thread, or a
    /// call further up this one, is delivering already.</summary>
    /// <remarks>Lock-free. Called by any writer; in single-writer mode by that one.</remarks>
    internal void Publish(T value)
    {
        EventLog<T> log = _log;
        Segment<T> segment = log.TailBeforeClaim();
        long time = log.ReadClock();
        long sequence;
        List<Exception>? errors;
        if (log.IsSingleWriter)
        {
            sequence = log.ClaimSingle();
            segment = log.Publish(segment, sequence, value, time);
            errors = log.WakeReaders();
            if (Volatile.Read(ref _isOpen) && !_isDraining)
            {
                _isDraining = true;
                DrainOwned(segment, sequence, value, errors);
                return;
            }
        }
        else
        {
            long word = ClaimAndTryOwn(out bool isOwner);
            sequence = word >> EventLog<T>.CountShift;
            segment = log.Publish(segment, sequence, value, time);
            errors = log.WakeReaders();
            if (isOwner)
            {
                DrainOwned(segment, sequence, value, errors);
                return;
            }

            if ((word & EventLog<T>.Inline) != 0)
            {
                TryDrain();
            }
        }

        Errors.Throw(errors);
    }

    /// <summary>Delivers what is published, unless somebody is at it. Called after publishing without ownership.</summary>
    /// <remarks>
    /// <code>
    /// P (writer): mark := published;  full fence;  is somebody delivering? then it is theirs
    /// C (owner):  dry; gives up by CAS;            mark? then take it up again
    /// </code>
    /// </remarks>
    internal void TryDrain()
    {
        if (_log.IsSingleWriter)
        {
            if (Volatile.Read(ref _isOpen) && !_isDraining)
            {
                _isDraining = true;
                DrainOwned();
            }

            return;
        }

        Interlocked.MemoryBarrier();
        if (TryOwn())
        {
            DrainOwned();
        }
    }

    /// <summary>Adds an observer that joins now.</summary>
    internal void Join(InlineSubscription<T> subscription)
    {
        Add(subscription);
        // Pairs with the exchange that sets the end: either the end is seen here, or whoever ended finds this subscription.
        Interlocked.MemoryBarrier();
        if (_log.End != long.MaxValue)
        {
            subscription.FinishWaiting(_log.Termination!);
        }
    }

    internal void Add(InlineSubscription<T> subscription)
    {
        lock (_subscriptions.Gate)
        {
            OpenLocked();
            subscription.SetFirst();
            _subscriptions.AddLocked(subscription);
        }
    }

    internal void Remove(InlineSubscription<T> subscription) => _subscriptions.Remove(subscription);

    /// <summary>Claims a sequence, and ownership of the delivery with the same CAS if nobody has it.</summary>
    /// <returns>The claim word as it was.</returns>
    private long ClaimAndTryOwn(out bool isOwner)
    {
        ref long claims = ref _log.Claims;
        long word = Volatile.Read(ref claims);
        while ((word & EventLog<T>.Inline) != 0)
        {
            long seen = Interlocked.CompareExchange(ref claims, (word + EventLog<T>.OneClaim) | EventLog<T>.Draining, word);
            if (seen == word)
            {
                isOwner = (word & EventLog<T>.Draining) == 0;
                return word;
            }

            word = seen;
        }

        isOwner = false;
        return _log.ClaimShared();
    }

    /// <summary>Opens the delivery if it is closed; then nobody owns the cursor, and the lock keeps others from opening it.</summary>
    private void OpenLocked()
    {
        ref long claims = ref _log.Claims;
        if (_log.IsSingleWriter ? _isOpen : (Volatile.Read(ref claims) & EventLog<T>.Inline) != 0)
        {
            return;
        }

        _cursor = _log.JoinNext();
        if (_log.IsSingleWriter)
        {
            Volatile.Write(ref _isOpen, true);

            // What is published behind this is delivered by its writer. What came before is nobody's: those who join now begin
            // at the sequence they read next.
            Interlocked.MemoryBarrierProcessWide();
            return;
        }

        long word = Volatile.Read(ref claims);
        while (true)
        {
            // The place is the number of claims at the moment of opening: who claims later sees the flag.
            _cursor.MoveTo(word >> EventLog<T>.CountShift);
            long seen = Interlocked.CompareExchange(ref claims, word | EventLog<T>.Inline, word);
            if (seen == word)
            {
                return;
            }

            word = seen;
        }
    }

    /// <summary>Delivers the event just published from hand where that is the next one, then the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void DrainOwned(Segment<T> segment, long sequence, T value, List<Exception>? errors)
    {
        if (_cursor.Sequence == sequence && _cursor.Segment == segment)
        {
            Deliver(value, sequence);
            _cursor.MoveTo(sequence + 1);

            // The usual end: nothing came meanwhile, nobody threw, somebody is still there.
            if (_errors is null && errors is null && _subscriptions.First is not null && TryLeaveOwned(sequence + 1))
            {
                _log.TellProgress();
                return;
            }
        }

        DrainOwned(errors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryLeaveOwned(long sequence)
    {
        if (_log.IsSingleWriter)
        {
            if (_log.Claimed != sequence)
            {
                return false;
            }

            _isDraining = false;
            return true;
        }

        long word = (sequence << EventLog<T>.CountShift) | EventLog<T>.Inline;
        return Interlocked.CompareExchange(ref _log.Claims, word, word | EventLog<T>.Draining) == (word | EventLog<T>.Draining);
    }

    /// <summary>Delivers until dry and gives up ownership; then throws what observers threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DrainOwned(List<Exception>? errors = null)
    {
        do
        {
            while (_cursor.TryPeek(_log, out T? value))
            {
                long sequence = _cursor.Sequence;
                Deliver(value, sequence);
                _cursor.MoveTo(sequence + 1);
            }

            bool isAtEnd = _cursor.IsAtEnd(_log);
            if (isAtEnd)
            {
                FinishOwned();
            }

            // Taken along while they are still this thread's.
            errors = Errors.Concat(errors, _errors);
            _errors = null;
            if (isAtEnd)
            {
                CloseForGoodOwned();
                break;
            }
        }
        while (!TryLeaveOwnedSlow());

        _log.TellProgress();
        Errors.Throw(errors);
    }

    /// <summary>Gives up ownership when the cursor has run dry; false if there is more to deliver, and still as the owner.</summary>
    private bool TryLeaveOwnedSlow()
    {
        if (_subscriptions.First is null && TryCloseOwned())
        {
            return true;
        }

        if (_log.IsSingleWriter)
        {
            return TryLeaveOwned(_cursor.Sequence);
        }

        Cursor<T> place = _cursor; // to look at behind the CAS, when the cursor may be another thread's
        ref long claims = ref _log.Claims;
        long word = Volatile.Read(ref claims);
        if (Interlocked.CompareExchange(ref claims, word & ~EventLog<T>.Draining, word) != word)
        {
            return false;
        }

        // Dry before a hole: whoever fills it takes up the delivery, unless it looked before the CAS; see TryDrain.
        return word >> EventLog<T>.CountShift == place.Sequence || !place.LooksReady(_log) || !TryOwn();
    }

    /// <summary>Takes ownership of an open delivery that nobody is at.</summary>
    private bool TryOwn()
    {
        ref long claims = ref _log.Claims;
        long word = Volatile.Read(ref claims);
        while ((word & (EventLog<T>.Inline | EventLog<T>.Draining)) == EventLog<T>.Inline)
        {
            long seen = Interlocked.CompareExchange(ref claims, word | EventLog<T>.Draining, word);
            if (seen == word)
            {
                return true;
            }

            word = seen;
        }

        return false;
    }

    /// <summary>Closes the delivery when nobody is subscribed, so that publishing is as cheap as before; false if it cannot be now.</summary>
    private bool TryCloseOwned()
    {
        if (!_subscriptions.Gate.TryEnter())
        {
            return false;
        }

        try
        {
            ref long claims = ref _log.Claims;
            long word = _cursor.Sequence << EventLog<T>.CountShift;
            if (_subscriptions.First is not null || _log.Claimed != _cursor.Sequence)
            {
                return false;
            }

            if (_log.IsSingleWriter)
            {
                _isOpen = false;
                _isDraining = false;
            }
            else if (Interlocked.CompareExchange(ref claims, word, word | EventLog<T>.Inline | EventLog<T>.Draining)
                != (word | EventLog<T>.Inline | EventLog<T>.Draining))
            {
                return false;
            }

            _cursor.Close(_log);
            return true;
        }
        finally
        {
            _subscriptions.Gate.Exit();
        }
    }

    /// <summary>Calls every observer with one event. Observers that throw keep no other from getting it.</summary>
    /// <remarks>The walk has no state that the handler needs, so it stays in registers; who had the event is told by the
    /// subscriptions themselves.</remarks>
    private void Deliver(T value, long sequence)
    {
        try
        {
            for (SubscriptionNode? node = _subscriptions.First; node is not null; node = node.Next)
            {
                InlineSubscription<T> subscription = Of(node);
                IObserver<T>? observer = subscription.LiveObserver ?? subscription.TryTakeInOwned(sequence);
                if (observer is not null)
                {
                    subscription.SetReached(sequence + 1);
                    observer.OnNext(value);
                }
            }
        }
        catch (Exception error)
        {
            AddError(error);
            DeliverRestSlow(value, sequence);
        }
    }

    /// <summary>Calls those who have not had the event because another observer threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DeliverRestSlow(T value, long sequence)
    {
        for (SubscriptionNode? node = _subscriptions.First; node is not null; node = node.Next)
        {
            InlineSubscription<T> subscription = Of(node);
            IObserver<T>? observer = subscription.LiveObserver ?? subscription.TryTakeInOwned(sequence);
            if (observer is null || subscription.Sequence > sequence)
            {
                continue;
            }

            try
            {
                subscription.SetReached(sequence + 1);
                observer.OnNext(value);
            }
            catch (Exception error)
            {
                AddError(error);
            }
        }
    }

    /// <summary>Keeps what an observer threw until the delivery is over. Called by the owner.</summary>
    internal void AddError(Exception error) => (_errors ??= []).Add(error);

    /// <summary>Delivers the terminal event and closes for good. Late subscribers find the end themselves.</summary>
    private void FinishOwned()
    {
        Termination termination = _log.Termination!;
        long end = _log.End;
        for (SubscriptionNode? node = _subscriptions.First; node is not null; node = node.Next)
        {
            Of(node).FinishOwned(end, termination);
        }

        _subscriptions.TryRemoveEnded();
    }

    private void CloseForGoodOwned()
    {
        _cursor.Close(_log);
        if (_log.IsSingleWriter)
        {
            _isDraining = false;
        }
        else
        {
            Interlocked.And(ref _log.Claims, ~EventLog<T>.Draining);
        }
    }
}
