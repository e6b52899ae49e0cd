using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>The store of a stream: an append-only linked list of segments that any thread may append to and walk.</summary>
/// <remarks>
/// <code>
///   oldest                                      tail
///     |                                           |
///     v                                           v
///  [ 0 1 2 3 ]-->[ 4 5 6 7 8 9 10 11 ]-->[ 12 13 14 __ 16 __ __ ... ]
///          ^              ^                        ^  ^
///       cursor         cursor               cursor at |
///                                           a hole:  15 is claimed, not published
/// </code>
/// I1  A claim (<see cref="_claims"/>) gives each sequence to one writer; a slot is written once, then marked once.
/// I2  A reader reads no value whose mark it has not seen, and stops at the first slot without one.
/// I3  A terminal event takes a sequence of its own, <see cref="_end"/>, whose slot is never marked; slots behind it are never read.
/// I4  The tail, every position, the window and every cursor but the bounded ones hold one lease on the segment they stand
///     in, and enter the next before they leave it. Bounded cursors rely on the window, see <see cref="RetainedWindow{T}"/>.
/// I5  Segments close in order, oldest first, and only when no lease is left and no slot is without mark; so whatever
///     can be reached from a lease, and every slot still to be filled, is open.
/// I6  A closed segment's link is <see cref="Segment{T}.Cut"/>. A writer, which holds no lease while it looks for its
///     slot, starts again from the oldest segment when it meets one: by I5 its own is still there.
/// I7  A closed segment's memory may be a later one's: only marks are looked at without a lease, to learn whether to look again.
/// I8  Nobody sleeps beside an event: who parks pushes itself, then looks; who publishes marks, then looks at the stack.
///     The fences are described at <see cref="Cursor{T}.IsReadyWhileParked"/>.
/// </remarks>
internal sealed class EventLog<T>
{
    /// <summary>The claim word's flags; its count is below them. See <see cref="_claims"/>.</summary>
    internal const long Draining = 1L << 57;
    internal const long Inline = 1L << 56;

    private const long Ended = 1L << 55;
    private const long CountMask = Ended - 1;
    private const int FirstCapacity = 16;

    /// <summary>Arrays of 85,000 bytes and more would go to the large object heap, which only full collections empty.</summary>
    private const int MaxArrayBytes = 80_000;

    // Immutable.
    private readonly int _maxCapacity;

    /// <summary>
    /// How many sequences were given out, below three flags: whether the terminal event has claimed its own; whether there is a delivery
    /// on the publishing thread, and whether a thread is at it. In one word, so that claiming and becoming the one who delivers is one CAS.
    /// Several writers change it by interlocked operations; a single writer, which never sets a flag, by release stores.
    /// </summary>
    private long _claims;

    /// <summary>The sequence of the terminal event, or <see cref="long.MaxValue"/>. Written once, with a full fence, by the
    /// thread that set <see cref="_termination"/>; read with acquire by cursors that find no mark.</summary>
    private long _end = long.MaxValue;

    /// <summary>Where those who join stand at the most: the sequence that the terminal event has claimed, or is trying to. Written
    /// before the claim by the thread that set <see cref="_termination"/>, read by those who find the claim word ended.</summary>
    private long _lastJoin;

    /// <summary>How the log ended, or null. Set by CAS (disposal: exchange), read with acquire by everyone.</summary>
    private Termination? _termination;

    /// <summary>The newest segment that writers know of, null before the first event or join; CAS by writers, only forward.</summary>
    private Segment<T>? _tail;

    /// <summary>The oldest segment that is not closed. Exchanged only by the thread that closed its predecessor.</summary>
    private Segment<T>? _oldest;

    /// <summary>What keeps the newest events reachable, null if nobody asked for it. Set once: at the start for a log that
    /// retains, else by CAS with the first bounded cursor. Read with acquire.</summary>
    private RetainedWindow<T>? _window;

    /// <summary>A closed segment whose memory the next one takes over, or null. Written with release by whoever closed it, exchanged by who
    /// links the next.</summary>
    private Segment<T>? _spare;

    /// <summary>What publishers have to mind. Flags are added by interlocked operations, by whoever makes them necessary, and stay, unless
    /// <see cref="Storage.Duties"/> says otherwise; read with acquire by publishers, before they claim and again behind the mark.</summary>
    private int _duties;

    /// <summary>Parked owners that the publisher itself wakes.</summary>
    internal WaiterStack Waiting;

    /// <summary>Parked owners that go on on the thread pool: one work item wakes them all.</summary>
    internal WaiterStack WaitingForPool;

    /// <summary>Those who wait for other things than events; null until the first. Set once by CAS, read with acquire.</summary>
    private SideWaiters? _side;

    /// <param name="isSingleWriter">Whether one thread at a time publishes.</param>
    /// <param name="maxCapacity">The most events in one segment.</param>
    /// <param name="retainedCount">The most events kept for those who join at the oldest; 0 for none.</param>
    /// <param name="retainedAge">Their greatest age, in the units of <paramref name="clock"/>.</param>
    /// <param name="clock">The time now, or null if age does not matter.</param>
    internal EventLog(bool isSingleWriter, int maxCapacity, long retainedCount = 0, long retainedAge = 0, Func<long>? clock = null)
    {
        _maxCapacity = Math.Min(maxCapacity, Math.Max(1, MaxArrayBytes / Unsafe.SizeOf<T>()));
        _duties = (int)((isSingleWriter ? Duties.Settle : Duties.Share) | (clock is not null ? Duties.Stamp : Duties.None));
        if (retainedCount > 0)
        {
            _window = new RetainedWindow<T>(this, retainedCount, retainedAge, clock);
        }
    }

    internal bool IsSingleWriter
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_duties & (int)Duties.Share) == 0; // plain: set at the start, for good
    }

    /// <summary>Whether events are stamped with the time.</summary>
    private bool IsTimed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_duties & (int)Duties.Stamp) != 0; // plain: set at the start, for good
    }

    /// <summary>How the log ended, or null while it goes on.</summary>
    internal Termination? Termination => Volatile.Read(ref _termination);

    internal bool IsDisposed => ReferenceEquals(Termination, Termination.Disposed);

    /// <summary>The sequence of the terminal event, or <see cref="long.MaxValue"/>.</summary>
    internal long End => Volatile.Read(ref _end);

    /// <summary>The sequence that the next claim gets; the terminal's once the log has ended.</summary>
    /// <remarks>What claims behind the terminal is never read, so nobody is to stand there.</remarks>
    internal long NextSequence
    {
        get
        {
            long word = Volatile.Read(ref _claims);
            return (word & Ended) == 0 ? CountOf(word) : _lastJoin;
        }
    }

    /// <summary>How many sequences were given out, read with acquire; after the end that may be too many.</summary>
    internal long Claimed => CountOf(Volatile.Read(ref _claims));

    /// <summary>How many sequences were given out, as a claim word says.</summary>
    internal static long CountOf(long word) => word & CountMask;

    /// <summary>The claim word, for the delivery that keeps its flags there.</summary>
    internal ref long Claims => ref _claims;

    /// <summary>What publishers have to mind, read with acquire.</summary>
    internal Duties Duties
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Duties)Volatile.Read(ref _duties);
    }

    /// <summary>The tail as it is now, or null before the first event or join.</summary>
    internal Segment<T>? Tail
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _tail);
    }

    /// <summary>Gives publishers something to mind from now on.</summary>
    internal void Impose(Duties duty) => Interlocked.Or(ref _duties, (int)duty);

    /// <summary>Takes back what publishers had to mind.</summary>
    internal void Relieve(Duties duty) => Interlocked.And(ref _duties, (int)~duty);

    /// <summary>How many segments are linked and open; for figures.</summary>
    internal int CountSegments()
    {
        int count = 0;
        for (Segment<T>? s = Volatile.Read(ref _oldest); s is not null && s != Segment<T>.Cut; s = s.Next)
        {
            count++;
        }

        return count;
    }

    /// <summary>The tail as it is now, to be read before a claim: it does not begin behind what is claimed afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Segment<T> TailBeforeClaim() => Tail ?? CreateFirstSlow();

    /// <summary>The time to publish with, to be read before a claim, since clocks are foreign code; 0 where time does not matter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long ReadClock() => IsTimed ? _window!.Now() : 0;

    /// <summary>Claims the next sequence for a single writer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long ClaimSingle(int count = 1)
    {
        long claimed = _claims; // plain: only this thread writes it
        Volatile.Write(ref _claims, claimed + count);
        return claimed;
    }

    /// <summary>Claims the next sequences among several writers, and returns the word as it was.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long ClaimShared(int count = 1)
    {
        return Interlocked.Add(ref _claims, count) - count;
    }

    /// <summary>Claims a sequence and publishes an event there, if that is all there is to do. The caller then wakes.</summary>
    /// <param name="value">The event.</param>
    /// <param name="sequence">What was claimed, or -1.</param>
    /// <param name="tail">The tail before the claim.</param>
    /// <returns>False if <see cref="AppendSlow"/> is to be called with the same.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryAppend(T value, out long sequence, out Segment<T>? tail)
    {
        sequence = -1;
        tail = Tail;
        if (tail is null || IsTimed)
        {
            return false;
        }

        if (!IsSingleWriter)
        {
            sequence = CountOf(ClaimShared());
            return tail.TryPublish(sequence, value) && tail == Tail;
        }

        long next = _claims; // plain: only this thread writes it
        if (!tail.TryPublish(next, value))
        {
            return false;
        }

        sequence = next;
        Volatile.Write(ref _claims, next + 1); // no flag: a single writer sets none, and has not ended the log
        return true;
    }

    /// <summary>Does what <see cref="TryAppend"/> has left to do, and returns the sequence.</summary>
    internal long AppendSlow(T value, long sequence, Segment<T>? tail)
    {
        if (sequence < 0)
        {
            tail = TailBeforeClaim();
            long time = ReadClock();
            sequence = IsSingleWriter ? ClaimSingle() : CountOf(ClaimShared());
            Publish(tail, sequence, value, time);
        }
        else if (tail!.Contains(sequence))
        {
            Reclaim(); // published, but in a segment that is not the tail any more: as in Publish
        }
        else
        {
            Publish(tail, sequence, value);
        }

        return sequence;
    }

    /// <summary>Publishes a claimed event; returns the segment it is in.</summary>
    internal Segment<T> Publish(Segment<T> tail, long sequence, T value, long time = 0)
    {
        if (!tail.Contains(sequence))
        {
            tail = LocateSlow(tail, sequence);
        }

        if (IsTimed)
        {
            tail.Stamp(sequence, 1, time);
        }

        tail.Publish(sequence, value);
        if (tail != Volatile.Read(ref _tail))
        {
            // A hole of an older segment was filled: it kept that segment, and all behind it, from closing.
            Reclaim();
        }

        return tail;
    }

    /// <summary>Publishes a claimed run of events, over as many segments as it takes.</summary>
    internal void PublishRange(Segment<T> tail, long sequence, ReadOnlySpan<T> values, long time = 0)
    {
        while (!values.IsEmpty)
        {
            tail = LocateSlow(tail, sequence);
            int count = tail.PublishRange(sequence, values, IsTimed ? time : null);
            sequence += count;
            values = values[count..];
        }

        Reclaim();
    }

    /// <summary>Wakes all on a stack, for one who is no publisher: what that throws is not for it. The next publisher gets it.</summary>
    internal void WakeAllOn(ref WaiterStack stack) => PassOn(stack.WakeAll());

    /// <summary>Puts errors where the next publisher meets them, as if waking had thrown them there.</summary>
    internal void PassOn(List<Exception>? errors)
    {
        if (errors is not null)
        {
            var waiter = new Waiter();
            waiter.Arm(new PassedOn(errors));
            Waiting.Push(waiter);
        }
    }

    /// <summary>Wakes whoever is parked, and returns what that threw, or null. Called after publishing.</summary>
    /// <remarks>
    /// Several writers: no fence here, the claim was one; see <see cref="Cursor{T}.IsReadyWhileParked"/>. A single
    /// writer's claim is a plain store, so it needs its own, but only once there is a reader.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal List<Exception>? WakeReaders() => IsAnybodyParked() ? WakeReadersSlow() : null;

    /// <summary>Whether somebody is to be woken, as <see cref="WakeReaders"/> looks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsAnybodyParked()
    {
        Duties duties = Duties;
        if ((duties & Duties.Wake) == 0)
        {
            return false;
        }

        if ((duties & Duties.Share) == 0)
        {
            Interlocked.MemoryBarrier();
        }

        return !(Waiting.IsEmpty && WaitingForPool.IsEmpty);
    }

    /// <summary>Those who wait for other things than events.</summary>
    internal SideWaiters Side
    {
        get
        {
            // The duty, not the stacks, which are there before it: nobody may sleep on them until whoever moves looks there.
            if ((Duties & Duties.Tell) == 0)
            {
                Interlocked.CompareExchange(ref _side, new SideWaiters(), null);
                Impose(Duties.Tell);
            }

            return _side!;
        }
    }

    /// <summary>Wakes those who wait for the end. Called after the end was set, with a full fence.</summary>
    internal void WakeEnded()
    {
        if (Volatile.Read(ref _side) is { } side)
        {
            side.ForEnd.WakeAll();
            side.ForProgress.WakeAll();
        }
    }

    /// <summary>Has those look again who wait for subscribers to move. Called by whoever has moved one.</summary>
    /// <remarks>They put a process-wide barrier between their push and their look, so none is needed here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void TellProgress()
    {
        if ((Duties & Duties.Tell) != 0 && !_side!.ForProgress.IsEmpty)
        {
            _side.ForProgress.WakeAll();
        }
    }

    /// <summary>Wakes all there are, whatever they wait for: the log was disposed, or some of its cursors ended.</summary>
    /// <returns>What waking threw, or null.</returns>
    internal List<Exception>? WakeEveryone()
    {
        Interlocked.MemoryBarrierProcessWide();
        List<Exception>? errors = Errors.Concat(Waiting.WakeAll(), WaitingForPool.WakeAll());
        WakeEnded();
        return errors;
    }

    /// <summary>Says that from now on somebody may park. To be called before a cursor's first parking.</summary>
    /// <remarks>
    /// <code>
    /// P (writer):       mark := published;  to wake?  no: no look at the stack
    /// C (first reader): to wake := yes;  process-wide barrier;  park, look at the mark
    /// </code>
    /// The barrier stands in for the fence the writer does not have: a writer that saw no duty did so before it, and then its
    /// mark is visible behind it.
    /// </remarks>
    internal void ExpectReaders()
    {
        if ((Duties & Duties.WakeKnown) == 0)
        {
            Impose(Duties.Wake);
            Interlocked.MemoryBarrierProcessWide();
            // Only behind the barrier: a second reader that comes just now must not rely on one still to be.
            Impose(Duties.WakeKnown);
        }
    }

    /// <summary>Ends the log; false if it had ended before. The caller then delivers and wakes as after an event.</summary>
    /// <remarks>Ordering: <see cref="_termination"/> before <see cref="_end"/>, so who sees the end sees how.</remarks>
    internal bool TryTerminate(Termination termination)
    {
        bool isFirst = Interlocked.CompareExchange(ref _termination, termination, null) is null;

        // By whoever comes first to here: what a caller publishes behind its own terminal event is ignored, even if that came second.
        Impose(Duties.Ask);
        if (!isFirst)
        {
            return false;
        }

        TailBeforeClaim();
        long word = Volatile.Read(ref _claims);
        while (true)
        {
            _lastJoin = CountOf(word);
            // Publishes the last place to join; pairs with the read of the claims in NextSequence.
            long seen = Interlocked.CompareExchange(ref _claims, (word + 1) | Ended, word);
            if (seen == word)
            {
                break;
            }

            word = seen;
        }

        Interlocked.Exchange(ref _end, CountOf(word));
        return true;
    }

    /// <summary>Marks the log as disposed, whether it had ended or not; false if it was disposed before.</summary>
    internal bool TryDispose()
    {
        bool isFirst = !ReferenceEquals(Interlocked.Exchange(ref _termination, Termination.Disposed), Termination.Disposed);
        Impose(Duties.Ask);
        return isFirst;
    }

    /// <summary>Enters the newest segment: a lease, and the sequence that comes next.</summary>
    /// <remarks>
    /// Entering by the tail can race with its closing; then there is a newer one. The sequence is read behind the lease,
    /// so it is never before the segment, except behind the end, where a cursor asks nothing but the end.
    /// </remarks>
    internal Cursor<T> JoinNext()
    {
        while (true)
        {
            Segment<T> tail = TailBeforeClaim();
            if (tail.TryEnter())
            {
                return new Cursor<T>(tail, NextSequence);
            }
        }
    }

    /// <summary>A leased cursor before the oldest retained event; before the next one if nothing is retained.</summary>
    internal Cursor<T> JoinOldest() => _window is { Retains: true } window ? window.JoinOldest() : JoinNext();

    /// <summary>The sequence of the oldest retained event; of the next one if nothing is retained. For figures.</summary>
    internal long OldestSequence
    {
        get
        {
            if (!Retains || Volatile.Read(ref _tail) is null)
            {
                return NextSequence;
            }

            Cursor<T> oldest = JoinOldest();
            oldest.Close(this);
            return oldest.Sequence;
        }
    }

    /// <summary>Whether those who come late get anything.</summary>
    internal bool Retains => _window is { Retains: true };

    /// <summary>The window that bounded cursors rely on; opened if there is none.</summary>
    internal RetainedWindow<T> OpenWindow()
    {
        if (Volatile.Read(ref _window) is { } open)
        {
            if (open.Retains)
            {
                TailBeforeClaim(); // opens it
            }

            return open;
        }

        var window = new RetainedWindow<T>(this, 0, 0, null);
        Cursor<T> start = JoinNext();
        window.TryOpen(start.Segment!);
        if (Interlocked.CompareExchange(ref _window, window, null) is { } other)
        {
            start.Close(this);
            return other;
        }

        return window;
    }

    /// <summary>The window that was opened for a bounded cursor.</summary>
    internal RetainedWindow<T> Window => Volatile.Read(ref _window)!;

    /// <summary>Gives a lease back, and closes what nobody needs any more.</summary>
    internal void Leave(Segment<T> segment)
    {
        if (segment.Leave())
        {
            Reclaim();
        }
    }

    /// <summary>Closes segments, oldest first, as long as nobody stands in them.</summary>
    /// <remarks>
    /// <code>
    /// P (leaves the second oldest): lease count := 0;     is it the oldest? not yet: done
    /// C (closes the oldest):        oldest := the second; its lease count? 0: close it too
    /// </code>
    /// The decrement and the exchange are full fences, so one of them sees the other. Who fills the last hole of an old
    /// segment tries the closing again; should that look cross with this one, the next lease to be dropped makes up for
    /// it, at the latest the tail's with the next segment.
    /// </remarks>
    private void Reclaim()
    {
        while (true)
        {
            Segment<T> oldest = Volatile.Read(ref _oldest)!;
            if (!oldest.TryClose())
            {
                return;
            }

            Segment<T> next = oldest.Next!;
            Debug.Assert(next is not null, "The tail holds a lease on itself until there is a next segment.");
            Interlocked.Exchange(ref _oldest, next);
            oldest.CutLink();
            KeepSpare(oldest);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Segment<T> CreateFirstSlow()
    {
        RetainedWindow<T>? window = Volatile.Read(ref _window) is { Retains: true } retaining ? retaining : null;
        var first = new Segment<T>(first: 0, Math.Min(FirstCapacity, _maxCapacity), leases: window is null ? 1 : 2, IsTimed);

        // Oldest before tail: whoever finds a tail finds an oldest, and a window that holds its lease.
        first = Interlocked.CompareExchange(ref _oldest, first, null) ?? first;
        window?.TryOpen(first);
        Interlocked.CompareExchange(ref _tail, first, null);
        return Volatile.Read(ref _tail)!;
    }

    /// <summary>Finds the segment of a claimed sequence, linking new ones where the list ends.</summary>
    /// <remarks>
    /// Lock-free. The tail's lease is born with a new segment and dropped by whoever moves the tail off the old one. By I6
    /// the walk starts again from the oldest segment when it meets a cut link.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Segment<T> LocateSlow(Segment<T> segment, long sequence)
    {
        while (!segment.Contains(sequence))
        {
            Segment<T>? next = segment.Next
                ?? segment.Link(CreateNext(segment));
            if (next == Segment<T>.Cut)
            {
                segment = Volatile.Read(ref _oldest)!;
                continue;
            }

            // Publishes nothing that Link has not; pairs with the acquire in TailBeforeClaim.
            if (Interlocked.CompareExchange(ref _tail, next, segment) == segment)
            {
                Leave(segment);
                Volatile.Read(ref _window)?.MoveForward();
            }

            segment = next;
        }

        return segment;
    }

    /// <summary>Links what follows a segment that a reader has read to its end, if nobody has yet, nor is about to.</summary>
    /// <remarks>
    /// For readers about to park: the event they wait for is then not held up by the making of its segment. No lease is needed, since only the
    /// last segment has no link, and it is open. The tail is left to the writer: with it the window moves, and a cursor on the
    /// publishing thread, when the first event is there.
    /// </remarks>
    internal void PrepareNext(Segment<T> read)
    {
        // Whoever has claimed behind it is making the next one: that is why a busy reader finds itself here.
        if (read.Next is null && Claimed == read.End)
        {
            read.Link(CreateNext(read));
        }
    }

    /// <summary>Keeps a closed segment's memory for the next one to be linked, as long as nobody reads but on publishing threads.</summary>
    /// <remarks>
    /// Such a reader lets the publisher write where it has just written, in its own cache. What another core has read would have to be
    /// fetched from there, which costs more than new memory does. A bounded cursor, which may read on in a closed segment, is expected
    /// before it drops its lease: so whoever closes that segment sees the duty.
    /// </remarks>
    private void KeepSpare(Segment<T> closed)
    {
        if (closed.Capacity == _maxCapacity && closed.IsReusable && (Duties & Duties.Wake) == 0)
        {
            Volatile.Write(ref _spare, closed); // releases what was read there; pairs with the exchange in CreateNext
        }
    }

    private Segment<T> CreateNext(Segment<T> last)
    {
        int capacity = (int)Math.Min(2L * last.Capacity, _maxCapacity);
        return capacity == _maxCapacity && Interlocked.Exchange(ref _spare, null) is { } spare
            ? new Segment<T>(last.End, spare, leases: 1)
            : new Segment<T>(last.End, capacity, leases: 1, IsTimed);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private List<Exception>? WakeReadersSlow()
    {
        List<Exception>? errors = null;
        Waiter? pooled = WaitingForPool.TakeAll();
        if (pooled is { Below: null })
        {
            errors = WaiterStack.WakeChain(pooled);
        }
        else if (pooled is not null)
        {
            // One work item, however many there are: publishing costs the same for one and for a thousand.
            ThreadPool.UnsafeQueueUserWorkItem(static chain => Errors.Throw(WaiterStack.WakeChain(chain)), pooled, preferLocal: false);
        }

        return Errors.Concat(errors, Waiting.WakeAll());
    }
}
