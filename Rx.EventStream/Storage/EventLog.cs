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
/// I1  A claim (<see cref="ClaimWord"/>) gives each sequence number to one writer. The writer writes the slot once, and then marks it. So for a
///     thread that has seen the mark of n, <see cref="NextSequence"/> is greater than n.
/// I2  A reader reads no value whose mark it has not seen, and stops at the first slot without one.
/// I3  The terminal event takes a sequence number of its own, <see cref="End"/>, whose slot is never marked; later slots are never read.
/// I4  The tail, every position, the window and every cursor but the bounded ones hold one lease on the segment they stand
///     in, and enter the next before they leave it. Bounded cursors rely on the window, see <see cref="RetainedWindow{T}"/>.
/// I5  Segments close in order, oldest first, and only when no lease is left and no slot is without a mark. So every segment
///     that can be reached from a lease, and every slot still to be filled, is open.
/// I6  A closed segment's link is <see cref="Segment{T}.Cut"/>. A writer, which holds no lease while it looks for its
///     slot, starts again from the oldest segment when it meets one: by I5 its own is still there.
/// I7  A closed segment's arrays may be cleared, and used again by a later segment: without a lease only marks are read, to learn whether to look
///     again.
/// I8  No reader sleeps beside an event: a reader parks, then looks; a writer marks, then looks for parked readers. The fences are
///     described at <c>ParkingLot.IsReadyWhileParked</c>.
/// </remarks>
internal sealed partial class EventLog<T>
{
    /// <summary>The sequence numbers given out, and the state of the delivery on the publishing thread. Changed by its own methods
    /// only.</summary>
    internal ClaimWord Claims;

    private PublishFlagWord _flags;
    private TerminationState _termination;
    private SegmentList<T> _segments;

    /// <summary>Keeps the newest events reachable, null until it is needed. Set once: at construction for a log that retains, else by the
    /// first bounded cursor. Read with acquire; plainly where only the constructor's window matters.</summary>
    private RetainedWindow<T>? _window;

    /// <param name="isSingleWriter">Whether one thread at a time publishes.</param>
    /// <param name="maxCapacity">The most events in one segment.</param>
    /// <param name="retainedCount">The most events kept for late subscribers; 0 for none.</param>
    /// <param name="retainedAge">Their greatest age, in the units of <paramref name="clock"/>.</param>
    /// <param name="clock">The time now, or null if age does not matter.</param>
    /// <param name="capturesTrace">Whether each event is kept with the trace in which it was published.</param>
    internal EventLog(
        bool isSingleWriter, int maxCapacity, long retainedCount = 0, long retainedAge = 0, Func<long>? clock = null, bool capturesTrace = false)
    {
        _segments = new SegmentList<T>(maxCapacity, capturesTrace);
        _termination = new TerminationState();
        _flags = new PublishFlagWord(
            (isSingleWriter ? PublishFlags.HandOverPending : PublishFlags.MultiWriter)
            | (clock is not null ? PublishFlags.Timed : PublishFlags.None)
            | (capturesTrace ? PublishFlags.Traced : PublishFlags.None));
        if (retainedCount > 0)
        {
            _window = new RetainedWindow<T>(this, retainedCount, retainedAge, clock);
        }
    }

    /// <summary>The stream's name, for exceptions.</summary>
    internal string? Name { get; init; }

    internal bool IsSingleWriter
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !_flags.IsMultiWriter;
    }

    /// <summary>The conditions that publishers look at, read with acquire.</summary>
    internal PublishFlags Flags
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _flags.Value;
    }

    /// <summary>How the log ended, or null while it is open.</summary>
    internal Termination? Termination => _termination.Termination;

    internal bool IsDisposed => _termination.IsDisposed;

    /// <summary>Whether the log is disposed, and every event is there that was claimed before. From then on readers find that it is disposed.</summary>
    internal bool IsSettled => _termination.IsSettled;

    /// <summary>The terminal event's sequence number, or <see cref="long.MaxValue"/>.</summary>
    internal long End => _termination.End;

    /// <summary>The sequence number that the next claim gets; the terminal event's once the log has ended.</summary>
    /// <remarks>What is claimed after the terminal event is never read, so no cursor may stand there.</remarks>
    internal long NextSequence
    {
        get
        {
            ClaimWord.Snapshot claims = Claims.Read();
            return claims.IsEnded ? _termination.LastJoin : claims.Count;
        }
    }

    /// <summary>How many sequence numbers were given out, read with acquire; after the end that may be too many.</summary>
    internal long Claimed => Claims.Read().Count;

    /// <summary>What is noted of each event beside its value.</summary>
    internal PublishFlags Stamps => _flags.Stamps;

    /// <summary>The tail as it is now, or null before the first event or join; of a disposed log <see cref="Segment{T}.Cut"/>.</summary>
    internal Segment<T>? Tail
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _segments.Tail;
    }

    /// <summary>The sequence number of the oldest retained event; of the next one if nothing is retained. For figures.</summary>
    internal long OldestSequence
    {
        get
        {
            if (!Retains || Tail is null || IsDisposed)
            {
                return NextSequence;
            }

            Cursor<T> oldest = JoinOldest();
            if (!oldest.IsOpen)
            {
                return NextSequence; // disposed in between
            }

            oldest.Close(this);
            return oldest.Sequence;
        }
    }

    /// <summary>Whether late subscribers get anything.</summary>
    internal bool Retains => _window is { Retains: true };

    /// <summary>The window that was opened for a bounded cursor.</summary>
    internal RetainedWindow<T> Window => Volatile.Read(ref _window)!;

    internal void SetFlag(PublishFlags flag) => _flags.Set(flag);

    internal void ClearFlag(PublishFlags flag) => _flags.Clear(flag);

    /// <summary>How many segments are linked and open; for figures.</summary>
    internal int CountSegments() => _segments.Count;

    /// <summary>The oldest segment that is open: its first sequence number, and the one after its last. The greatest numbers there are before the first
    /// event, and of a disposed log. For figures.</summary>
    internal (long First, long End) OldestSegment =>
        _segments.Oldest is { } oldest && oldest != Segment<T>.Cut ? (oldest.First, oldest.End) : (long.MaxValue, long.MaxValue);

    /// <summary>Where the window stands, or the greatest number there is without a window; for figures.</summary>
    internal long WindowFirst => Volatile.Read(ref _window) is { IsOpen: true } window ? window.Segment.First : long.MaxValue;

    /// <summary>The tail as it is now, to be read before a claim: so it begins at or before any later claim.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Segment<T> TailBeforeClaim() => Tail ?? _segments.CreateFirstSlow(_window is { Retains: true } window ? window : null, Stamps);

    /// <summary>The stamp to publish with, to be taken before a claim, since a clock is foreign code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal EventStamp TakeStamp() => _flags.IsStamped ? TakeStampSlow() : default;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EventStamp TakeStampSlow() => new(
        (Stamps & PublishFlags.Timed) != 0 ? _window!.Now() : 0,
        (Stamps & PublishFlags.Traced) != 0 ? PublisherTrace.Capture() : null);

    /// <summary>Claims sequence numbers; returns the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long Claim(int count) => _flags.IsMultiWriter ? Claims.Claim(count).Count : Claims.ClaimOwned(count);

    /// <summary>Ends the log; false if it had ended before. The caller then delivers and wakes as after an event.</summary>
    internal bool TryTerminate(Termination termination)
    {
        bool isFirst = _termination.TryBegin(termination);

        // By a second caller too, whose later events must also be ignored.
        SetFlag(PublishFlags.GatedOrEnded);
        if (!isFirst)
        {
            return false;
        }

        TailBeforeClaim();
        ClaimWord.Snapshot claims = Claims.Read();
        do
        {
            _termination.Prepare(claims.Count);
        }
        while (!Claims.TryEnd(ref claims));

        _termination.Complete(claims.Count);
        return true;
    }

    /// <summary>Marks the log as disposed, whether it had ended or not; false if it was disposed before.</summary>
    internal bool TryDispose()
    {
        bool isFirst = _termination.TryDispose();
        SetFlag(PublishFlags.GatedOrEnded);
        return isFirst;
    }

    /// <summary>Lets readers find that the log is disposed. Waits before until the events are there that other writers are publishing at this moment: a
    /// reader of a disposed log reads everything that was published before, and that may come after such an event.</summary>
    /// <remarks>Nothing comes after the event of a single writer.</remarks>
    internal void Settle()
    {
        Debug.Assert(IsDisposed, "Only a disposed log settles.");
        if (!IsSingleWriter)
        {
            WaitForHoles();
        }

        _termination.Settle();
    }

    /// <remarks>Between claiming and publishing no foreign code runs, so a hole is soon filled; unless its writer has failed, see
    /// <see cref="SegmentList{T}.HasLostClaims"/>.</remarks>
    private void WaitForHoles()
    {
        long next = NextSequence;
        Cursor<T> cursor = _segments.JoinOldestOpen();
        while (cursor.IsOpen && !cursor.TryMoveOverPublished(this, next) && !_segments.HasLostClaims)
        {
            UninterruptibleSpin.Once();
        }

        cursor.Close(this);
    }

    /// <summary>Forgets every segment of a log that is settled. What is claimed later goes where no reader finds it.
    /// Calling it again does nothing; a thread that has joined the log at the same time does.</summary>
    /// <param name="bringForward">Calls <see cref="Cursor{T}.BringForward"/> of bounded cursors.</param>
    internal void LetGo(Action bringForward)
    {
        Debug.Assert(IsSettled, "Only a log that is settled forgets its segments.");
        Volatile.Read(ref _window)?.LetGo(bringForward);
        _segments.LetGo();
    }

    /// <summary>Enters the newest segment: a lease, and the sequence number that comes next. Of a disposed log it is a closed
    /// cursor.</summary>
    /// <remarks>
    /// Entering by the tail can race with its closing; then there is a newer one. The sequence number is read after the lease was taken,
    /// so it is never before the segment, except after the end, where a cursor reads nothing but the end.
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

            if (tail == Segment<T>.Cut)
            {
                return default;
            }
        }
    }

    /// <summary>A leased cursor before the oldest retained event; before the next one if nothing is retained. Of a disposed log it is a
    /// closed cursor.</summary>
    internal Cursor<T> JoinOldest() => _window is { Retains: true } window ? window.JoinOldest() : JoinNext();

    /// <summary>The window that bounded cursors rely on; opened if there is none.</summary>
    internal RetainedWindow<T> OpenWindow()
    {
        RetainedWindow<T> window = LazyInitializer.EnsureInitialized(ref _window, () => new RetainedWindow<T>(this, 0, 0, null));
        if (window.Retains)
        {
            TailBeforeClaim(); // opens it
        }
        else if (!window.IsOpen)
        {
            Cursor<T> start = JoinNext();
            if (!window.TryOpen(start.Segment ?? Segment<T>.Cut))
            {
                start.Close(this);
            }
        }

        return window;
    }

    /// <summary>Moves the window after the tail has moved.</summary>
    internal void MoveWindow() => Volatile.Read(ref _window)?.MoveForward();

    /// <summary>Gives a lease back, and closes the segments that are no longer needed.</summary>
    internal void Leave(Segment<T> segment)
    {
        if (segment.Leave())
        {
            Reclaim();
        }
    }

    /// <summary>Links what follows a segment that a reader has read to its end, unless a writer is about to.</summary>
    /// <remarks>For readers about to park: the event they wait for then does not wait for its segment to be made.</remarks>
    internal void PrepareNext(Segment<T> read)
    {
        // A writer that has claimed a later slot is making the next segment: that is why a busy reader comes here.
        if (Claimed == read.End)
        {
            _segments.LinkNext(read, Stamps);
        }
    }

    /// <summary>Whether a closed segment's arrays can be used again; asked after it was closed.</summary>
    /// <remarks>
    /// Arrays are used again as long as only publishing threads read: such a reader lets the publisher write where it has just written, in
    /// its own cache. What another core has read would have to be fetched from there, which costs more than new memory does. A bounded
    /// cursor, which may read on in a closed segment, is announced before it gives its lease back: so the thread that closes that segment
    /// sees the flag.
    /// </remarks>
    internal bool MayReuse => (Flags & PublishFlags.HasWaiters) == 0 && !IsDisposed;

    /// <summary>The error where a log for a single writer finds that several threads published at the same time.</summary>
    internal static InvalidOperationException BrokenPromise() => new(
        "Two threads have published at the same time to a stream with SingleWriter = true. Events may be lost. " +
        "Publish from one thread at a time, or create the stream without SingleWriter.");

    private void Reclaim() => _segments.Reclaim(this);
}
