using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the publishing thread: a trampoline. Who finds nobody delivering does it; others append and leave.</summary>
/// <remarks>
/// Several writers: the log's claim word says whether this delivery is open (<see cref="EventLog{T}.Inline"/>) and whether
/// somebody is at it (<see cref="EventLog{T}.Draining"/>). Setting the latter, mostly with the claim itself, gives
/// ownership of <see cref="_cursor"/>; clearing it, by a CAS that fails when something was claimed meanwhile, gives it up.
/// <para>A single writer needs neither: once it has found the delivery opened (<see cref="_phase"/>), the cursor is its own until it
/// closes it. It is delivering, further up its stack, whenever the cursor is not where it has published to.</para>
/// <para>The cursor's lease keeps what is still to be delivered. It is opened by the first subscriber under the list's
/// lock, and closed by the owner once it finds no subscriber left, if the lock is free at that moment; so delivering
/// never waits for the lock.</para>
/// </remarks>
internal sealed partial class InlineDelivery<T>
{
    /// <summary>Whose the cursor is in single-writer mode: nobody's, handed over by who subscribed to the writer's next event, the writer's.</summary>
    private const int Closed = 0;
    private const int HandedOver = 1;
    private const int Owned = 2;

    private readonly EventLog<T> _log;
    private readonly ObserverList<T> _subscriptions = new();

    /// <summary>The next event to deliver to everyone. Owner-only while open; its sequence is read by anyone for figures.</summary>
    private Cursor<T> _cursor;

    /// <summary>Single writer only: whose the cursor is. Under the lock, with release, from closed to handed over by who subscribes,
    /// and to closed by the writer; from handed over to owned by the writer. Read with acquire.</summary>
    private int _phase;

    /// <summary>How many deliveries have ended since publishers have to ask. Incremented by whoever has delivered, read by anyone.</summary>
    private int _ended;

    /// <summary>The array that was walked over last, kept for the case that an observer throws. Owner-only.</summary>
    private IObserver<T>?[] _walked = [];

    /// <summary>Whose turn it is: a slot of that array, 0 between events. Owner-only; read by anyone for figures.</summary>
    private nint _turn;

    /// <summary>What observers threw during the delivery that is on; the owner takes it along when it leaves. Owner-only.</summary>
    private List<Exception>? _errors;

    /// <summary>Those who replay and are not in the list yet; read and written under the list's lock.</summary>
    private readonly List<InlineSubscription<T>> _replaying = [];

    internal InlineDelivery(EventLog<T> log) => _log = log;

    /// <summary>Those who replay and are not in the list yet, so that a stream that is disposed can end them.</summary>
    internal IReadOnlyList<EventSubscription> Replaying
    {
        get
        {
            lock (_subscriptions.Gate)
            {
                return [.. _replaying];
            }
        }
    }

    /// <summary>The event that is being delivered, where it lies. For observers, while they are called.</summary>
    internal ReadOnlyMemory<T> SliceInDelivery() => _cursor.PeekBatch(_log, 1);

    internal ObserverList<T> Subscriptions => _subscriptions;

    /// <summary>The sequence before which everything was delivered.</summary>
    internal long Sequence => _cursor.Sequence;

    /// <summary>The sequence behind the last event that a live observer had; the one it is having counts.</summary>
    internal long ReachedBy(InlineSubscription<T> subscription)
    {
        long sequence = _cursor.Sequence;
        return IsBusy && subscription.Slot <= Volatile.Read(ref _turn) ? Math.Min(sequence + 1, _log.Claimed) : sequence;
    }

    internal bool IsBusy => _log.IsSingleWriter
        ? _phase == Owned && _cursor.Sequence != _log.Claimed
        : (Volatile.Read(ref _log.Claims) & EventLog<T>.Draining) != 0;

    /// <summary>A way to tell when the delivery is over that is on now; null if there is none. Called when publishers have to ask.</summary>
    internal Func<bool>? WatchDelivery()
    {
        if (!IsBusy)
        {
            return null;
        }

        // Read behind the look: should that delivery have ended between, the next one is waited for. One that ended without counting,
        // since it had not seen yet that publishers have to ask, is told by nobody being at it.
        int ended = Volatile.Read(ref _ended);
        return () => Volatile.Read(ref _ended) != ended || !IsBusy;
    }

    private static InlineSubscription<T> Of(EventSubscription subscription) => Unsafe.As<InlineSubscription<T>>(subscription);

    /// <summary>Delivers what is published, unless somebody is at it. Called after publishing without ownership.</summary>
    /// <remarks>
    /// <code>
    /// P (writer): mark := published;  full fence;  is somebody delivering? then it is theirs
    /// C (owner):  dry; gives up by CAS;            mark? then take it up again
    /// </code>
    /// </remarks>
    /// <param name="sequence">What was published: of a run the first.</param>
    /// <param name="errors">What waking threw, to be thrown with what observers throw.</param>
    /// <returns>False if somebody else delivers; then the errors are still the caller's.</returns>
    internal bool TryDrain(long sequence, List<Exception>? errors = null)
    {
        if (!_log.IsSingleWriter)
        {
            Interlocked.MemoryBarrier();
        }

        if (_log.IsSingleWriter ? !TryOwnSingle(sequence) : !TryOwn())
        {
            return false;
        }

        DrainOwned(errors);
        return true;
    }

    /// <summary>Takes ownership for a single writer that has published, unless it is delivering further up its stack.</summary>
    private bool TryOwnSingle(long sequence)
    {
        switch (Volatile.Read(ref _phase))
        {
            case Closed:
                return false;

            case HandedOver:
                // From where those begin who have subscribed, which may be before or behind what was published now.
                _phase = Owned;
                _log.Relieve(Duties.Settle);
                return true;

            default:
                if (_cursor.Sequence == sequence)
                {
                    return true;
                }

                // The call further up is to look for more before it returns.
                _log.Impose(Duties.Settle);
                return false;
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
            switch (_subscriptions.Count)
            {
                case 1:
                    _log.Relieve(Duties.Close);
                    break;
                case 2:
                    _log.Impose(Duties.CallMany);
                    break;
                default:
                    break;
            }
        }
    }

    internal void Remove(InlineSubscription<T> subscription)
    {
        lock (_subscriptions.Gate)
        {
            if (!_subscriptions.RemoveLocked(subscription))
            {
                return;
            }

            switch (_subscriptions.Count)
            {
                case 0:
                    _log.Impose(Duties.Close);
                    break;
                case 1:
                    _log.Relieve(Duties.CallMany);
                    break;
                default:
                    break;
            }
        }
    }

    internal void BeginReplay(InlineSubscription<T> subscription)
    {
        lock (_subscriptions.Gate)
        {
            _replaying.Add(subscription);
        }
    }

    internal void EndReplay(InlineSubscription<T> subscription)
    {
        lock (_subscriptions.Gate)
        {
            _replaying.Remove(subscription);
        }
    }

    /// <summary>Opens the delivery if it is closed; then nobody owns the cursor, and the lock keeps others from opening it.</summary>
    private void OpenLocked()
    {
        ref long claims = ref _log.Claims;
        if (_log.IsSingleWriter ? _phase != Closed : (Volatile.Read(ref claims) & EventLog<T>.Inline) != 0)
        {
            return;
        }

        _cursor = _log.JoinNext();
        if (_log.IsSingleWriter)
        {
            Volatile.Write(ref _phase, HandedOver);

            // What is published behind this is delivered by its writer. What came before is nobody's: those who join now begin
            // at the sequence they read next.
            Interlocked.MemoryBarrierProcessWide();
            return;
        }

        long word = Volatile.Read(ref claims);
        while (true)
        {
            // The place is the number of claims at the moment of opening: who claims later sees the flag.
            _cursor.MoveTo(EventLog<T>.CountOf(word));
            long seen = Interlocked.CompareExchange(ref claims, word | EventLog<T>.Inline, word);
            if (seen == word)
            {
                return;
            }

            word = seen;
        }
    }

    /// <summary>Delivers until dry and gives up ownership; then throws what observers threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DrainOwned(List<Exception>? errors = null)
    {
        do
        {
            ReadOnlyMemory<T> run;
            while (!(run = _cursor.PeekRun(_log, int.MaxValue)).IsEmpty)
            {
                foreach (T value in run.Span)
                {
                    Deliver(value);
                    _cursor.MoveOn();
                }
            }

            bool isAtEnd = _cursor.IsAtEnd(_log);
            if (isAtEnd)
            {
                FinishOwned();
            }

            // Taken along while they are still this thread's.
            errors = Errors.Concat(errors, TakeErrorsOwned());
            if (isAtEnd)
            {
                CloseForGoodOwned();
                break;
            }
        }
        while (!TryLeaveOwned());

        if ((_log.Duties & Duties.Ask) != 0)
        {
            Interlocked.Increment(ref _ended);
        }

        _log.TellProgress();
        Errors.Throw(errors);
    }

    /// <summary>Gives up ownership when the cursor has run dry; false if there is more to deliver, and still as the owner.</summary>
    private bool TryLeaveOwned()
    {
        if (_subscriptions.Count == 0 && TryCloseOwned())
        {
            return true;
        }

        if (_log.IsSingleWriter)
        {
            return _log.Claimed == _cursor.Sequence;
        }

        Cursor<T> place = _cursor; // to look at behind the CAS, when the cursor may be another thread's
        ref long claims = ref _log.Claims;
        long word = Volatile.Read(ref claims);
        if (Interlocked.CompareExchange(ref claims, word & ~EventLog<T>.Draining, word) != word)
        {
            return false;
        }

        // Dry before a hole: whoever fills it takes up the delivery, unless it looked before the CAS; see TryDrain.
        return EventLog<T>.CountOf(word) == place.Sequence || !place.LooksReady(_log) || !TryOwn();
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
            long word = _cursor.Sequence;
            if (_subscriptions.Count > 0 || _log.Claimed != _cursor.Sequence)
            {
                return false;
            }

            if (_log.IsSingleWriter)
            {
                _log.Impose(Duties.Settle);
                Volatile.Write(ref _phase, Closed);
            }
            else if (Interlocked.CompareExchange(ref claims, word, word | EventLog<T>.Inline | EventLog<T>.Draining)
                != (word | EventLog<T>.Inline | EventLog<T>.Draining))
            {
                return false;
            }

            _log.Relieve(Duties.Close);
            _cursor.Close(_log);
            return true;
        }
        finally
        {
            _subscriptions.Gate.Exit();
        }
    }

    /// <summary>Calls every observer with one event. Observers that throw keep no other from getting it.</summary>
    private void Deliver(T value)
    {
        try
        {
            CallAllOwned(value);
        }
        catch (Exception error)
        {
            AddError(error);
            CallRestOwned(value);
        }
    }

    /// <summary>Calls every observer with one event, until one throws.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CallAllOwned(T value)
    {
        IObserver<T>?[] observers = _subscriptions.Observers;
        if (observers != _walked)
        {
            _walked = observers; // seldom: storing a reference is dearer than looking at it
        }

        ref IObserver<T>? first = ref MemoryMarshal.GetArrayDataReference(observers);
        for (nint turn = 0; Volatile.Read(ref Unsafe.Add(ref first, turn)) is { } observer; turn++)
        {
            _turn = turn;
            observer.OnNext(value);
        }

        _turn = 0;
    }

    /// <summary>Calls those whose turn did not come because another observer threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CallRestOwned(T value)
    {
        IObserver<T>?[] observers = _walked;
        while (Volatile.Read(ref observers[_turn + 1]) is { } observer)
        {
            _turn++;
            try
            {
                observer.OnNext(value);
            }
            catch (Exception error)
            {
                AddError(error);
            }
        }

        _turn = 0;
    }

    /// <summary>Keeps what an observer threw until the delivery is over. Called by the owner.</summary>
    internal void AddError(Exception error) => AddErrorsOwned([error]);

    private void AddErrorsOwned(List<Exception> errors)
    {
        _errors = Errors.Concat(_errors, errors);
        _log.Impose(Duties.Settle);
    }

    /// <summary>Takes what was thrown along; then there is nothing to settle.</summary>
    private List<Exception>? TakeErrorsOwned()
    {
        List<Exception>? errors = _errors;
        if ((_log.Duties & Duties.Settle) != 0)
        {
            _errors = null;
            _log.Relieve(Duties.Settle);
        }

        return errors;
    }

    /// <summary>Delivers the terminal event and closes for good. Late subscribers find the end themselves.</summary>
    private void FinishOwned()
    {
        Termination termination = _log.Termination!;
        long end = _log.End;
        foreach (EventSubscription? found in _subscriptions.Slots)
        {
            if (found is not null)
            {
                Of(found).FinishOwned(end, termination);
            }
        }

        _subscriptions.TryRemoveEnded();
    }

    private void CloseForGoodOwned()
    {
        _cursor.Close(_log);
        if (!_log.IsSingleWriter)
        {
            Interlocked.And(ref _log.Claims, ~EventLog<T>.Draining);
        }
    }
}
