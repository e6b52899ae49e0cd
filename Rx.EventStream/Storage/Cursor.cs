using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>A moving place in a log. One owner at a time; a mutable struct, always used in place.</summary>
/// <remarks>
/// A cursor holds a lease on the segment it stands in, unless it is bounded. A bounded one may be left behind: it relies on the
/// log's window, which keeps the newest events that its bound allows, and jumps there when it is further behind. What it then
/// still refers to is one segment, whose link has been cut.
/// </remarks>
internal struct Cursor<T>
{
    /// <summary>The segment, or null when closed. The owner moves it by CAS, since a reader may be closed by another thread than the
    /// one that reads; others read it only for a hint.</summary>
    private Segment<T>? _segment;

    /// <summary>The next sequence to read; may lie behind the segment's end. Written by the owner, read by anyone for the lag.</summary>
    private long _sequence;

    /// <summary>How far the cursor may be behind, or 0 if it holds a lease instead. Set before it is used.</summary>
    private int _bound;

    /// <summary>Whether being further behind ends it, instead of making it jump.</summary>
    private bool _failsWhenLagging;

    /// <summary>How many events it was behind when that ended it, or 0. Owner-only.</summary>
    private long _missed;

    /// <summary>How many events it jumped over. Written by the owner, read by anyone for figures.</summary>
    private long _dropped;

    /// <summary>Where this cursor ends though the log goes on, or null. Set before it is used.</summary>
    private Fault? _fault;

    /// <summary>A cursor that takes over a lease already entered.</summary>
    internal Cursor(Segment<T> leased, long sequence)
    {
        _segment = leased;
        _sequence = sequence;
    }

    /// <summary>The next sequence to read.</summary>
    internal readonly long Sequence => Volatile.Read(in _sequence);

    internal readonly bool IsOpen => Volatile.Read(in _segment) is not null;

    /// <summary>Whether it is to be asked for one event at a time: what comes next may be decided while that is delivered.</summary>
    internal readonly bool IsGuarded => _bound > 0 || _fault is not null;

    /// <summary>How many events it jumped over.</summary>
    internal readonly long Dropped => Volatile.Read(in _dropped);

    /// <summary>Whether it has ended before the log has: it lagged, or has come to a fault.</summary>
    internal readonly bool IsOver => _missed > 0 || (_fault is { } fault && _sequence >= fault.Sequence);

    internal readonly Segment<T>? Segment => _segment;

    /// <summary>Makes a second cursor at the same place, with a lease of its own; false if this one is closed, or is being closed by another thread.</summary>
    internal readonly bool TryFork(out Cursor<T> fork)
    {
        Segment<T>? segment = Volatile.Read(in _segment);
        bool isForked = segment is not null && segment.TryEnter();
        fork = isForked ? new Cursor<T>(segment!, _sequence) : default;
        return isForked;
    }

    /// <summary>Makes a leased cursor bounded.</summary>
    internal void SetBound(EventLog<T> log, int bound, bool failsWhenLagging)
    {
        log.ExpectReaders(); // before the lease is dropped: see EventLog.KeepSpare
        RetainedWindow<T> window = log.OpenWindow();
        window.AddBound(bound);
        window.ReachBack(_segment!);
        _bound = bound;
        _failsWhenLagging = failsWhenLagging;
        log.Leave(_segment!);
    }

    /// <summary>Has the cursor end where a fault is, or will be.</summary>
    internal void EndAt(Fault? fault) => _fault = fault;

    /// <summary>Why it has ended before the log has, or null if it has not.</summary>
    internal readonly Exception? Failure(string? name) =>
        _missed > 0 ? new SubscriberLaggedException(name, Sequence, _missed, _bound)
        : IsOver ? _fault!.Error
        : null;

    /// <summary>Reads the next event, if it is published.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRead(EventLog<T> log, [MaybeNullWhen(false)] out T value)
    {
        if (!TryPeek(log, out value))
        {
            return false;
        }

        MoveOn();
        return true;
    }

    /// <summary>Reads the next event, if it is published, and stays before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryPeek(EventLog<T> log, [MaybeNullWhen(false)] out T value)
    {
        if (_bound > 0)
        {
            KeepUp(log);
        }

        Segment<T>? segment = IsOver ? null : _segment;
        if (segment is not null && (segment.Contains(_sequence) || TryAdvanceSlow(log, out segment)) && segment.IsPublished(_sequence))
        {
            value = segment.Read(_sequence);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The run of published events from here to the end of the segment, without moving; empty when dry.</summary>
    internal ReadOnlyMemory<T> PeekRun(EventLog<T> log, int maxCount)
    {
        if (_bound > 0)
        {
            KeepUp(log);
        }

        Segment<T>? segment = IsOver ? null : _segment;
        return segment is not null && (segment.Contains(_sequence) || TryAdvanceSlow(log, out segment))
            ? segment.PublishedFrom(_sequence, maxCount)
            : default;
    }

    /// <summary>As <see cref="PeekRun"/>, for somebody who may keep the run: its memory is not used again.</summary>
    internal ReadOnlyMemory<T> PeekBatch(EventLog<T> log, int maxCount)
    {
        ReadOnlyMemory<T> run = PeekRun(log, maxCount);
        if (!run.IsEmpty)
        {
            _segment!.HandOut();
        }

        return run;
    }

    /// <summary>Moves over events that were delivered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MoveTo(long sequence) => Volatile.Write(ref _sequence, sequence);

    /// <summary>Moves over one event that was delivered. In a loop that calls observers this leaves a register for what would else be kept on the stack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MoveOn() => Volatile.Write(ref _sequence, _sequence + 1);

    /// <summary>For one who is about to park: where the segment has been read to its end, and is the last, the next one is made now.</summary>
    internal readonly void PrepareNext(EventLog<T> log)
    {
        if (Volatile.Read(in _segment) is { } segment && _sequence >= segment.End)
        {
            log.PrepareNext(segment);
        }
    }

    /// <summary>Whether the next event is published.</summary>
    internal bool HasEvent(EventLog<T> log) => TryPeek(log, out _);

    /// <summary>Whether the cursor stands before the terminal event.</summary>
    /// <remarks>At or behind it: a cursor that joined in the moment of the end may count claims that came too late.</remarks>
    internal readonly bool IsAtEnd(EventLog<T> log) => _sequence >= log.End;

    /// <summary>Whether there is an event or the terminal to read.</summary>
    internal bool IsReady(EventLog<T> log) => HasEvent(log) || IsAtEnd(log) || IsOver;

    /// <summary>The look that must come between parking and sleeping; it moves nothing.</summary>
    /// <remarks>
    /// Parking is a store (the push) followed by a load (the mark); publishing is a store (the mark) followed by a load
    /// (the stack). Both sides need a full fence between them. The push is one. A single writer has an explicit one. Of
    /// several writers each has its claim, but that comes before the mark:
    /// <code>
    /// P (writer): claim; mark := published;        look at the stack
    /// C (reader): push;  fewer claims than I need?  mark?
    /// </code>
    /// If the slot is not even claimed when the reader looks, the claim comes later, and so does the look behind it: that
    /// writer will find the push. If it is claimed but not published, the writer may be past its look; a barrier on all
    /// the process's cores puts it before or behind, and then the mark tells. So the rare and slow side pays, and
    /// publishing has a single interlocked operation.
    /// <para>Once the entry is on the stack the owner may be woken on another thread and move the cursor, so what is read
    /// here may not fit together; then it is not parked any more, and the answer matters to nobody.</para>
    /// </remarks>
    internal readonly bool IsReadyWhileParked(EventLog<T> log)
    {
        long sequence = Sequence;
        if (LooksReady(log, sequence))
        {
            return true;
        }

        if (log.IsSingleWriter || log.Claimed <= sequence)
        {
            return false;
        }

        Interlocked.MemoryBarrierProcessWide();
        return LooksReady(log, sequence);
    }

    /// <summary>Whether there is something to read, without moving, by one who need not own the cursor.</summary>
    internal readonly bool LooksReady(EventLog<T> log) => LooksReady(log, Sequence);

    /// <summary>Gives the lease back. The sequence stays, to be looked at.</summary>
    internal void Close(EventLog<T> log)
    {
        if (Interlocked.Exchange(ref _segment, null) is { } segment)
        {
            if (_bound > 0)
            {
                log.Window.RemoveBound(_bound);
            }
            else
            {
                log.Leave(segment);
            }
        }
    }

    private readonly bool LooksReady(EventLog<T> log, long sequence)
    {
        if (sequence >= log.End || sequence >= _fault?.Sequence)
        {
            return true;
        }

        Segment<T>? segment = Volatile.Read(in _segment);
        while (segment is not null && sequence >= segment.End)
        {
            segment = segment.Next;
            if (segment == Segment<T>.Cut)
            {
                return true; // far behind: left behind if bounded, or moving on if not
            }
        }

        return segment is not null && segment.Contains(sequence) && segment.IsPublished(sequence);
    }

    /// <summary>Steps into the segment of the next sequence; false when it is not linked yet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryAdvanceSlow(EventLog<T> log, [NotNullWhen(true)] out Segment<T>? segment)
    {
        if (_bound > 0)
        {
            return TryAdvanceUnleased(log, out segment);
        }

        segment = _segment;
        while (segment is not null && _sequence >= segment.End)
        {
            Segment<T>? next = segment.Next;

            // Entering fails, and so does the CAS, if the cursor is being closed by another thread.
            if (next is null || !next.TryEnter())
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _segment, next, segment) != segment)
            {
                log.Leave(next);
                return false;
            }

            log.Leave(segment);
            segment = next;
        }

        // A cursor that joined behind the end may stand before its segment; there is nothing for it but the terminal.
        return segment is not null && segment.Contains(_sequence);
    }

    /// <summary>Where further behind than the bound: jumps to the newest events it allows, or fails.</summary>
    private void KeepUp(EventLog<T> log)
    {
        long next = log.NextSequence;
        long lag = next - _sequence;
        if (lag <= _bound || _missed > 0)
        {
            return;
        }

        if (_failsWhenLagging)
        {
            _missed = lag;
        }
        else
        {
            JumpTo(next - _bound);
        }
    }

    private void JumpTo(long sequence)
    {
        Volatile.Write(ref _dropped, _dropped + (sequence - _sequence));
        Volatile.Write(ref _sequence, sequence);
    }

    /// <summary>Steps into the segment of the next sequence without a lease; over a cut link it starts again from the window.</summary>
    private bool TryAdvanceUnleased(EventLog<T> log, [NotNullWhen(true)] out Segment<T>? segment)
    {
        segment = _segment;
        while (segment is not null && _sequence >= segment.End)
        {
            Segment<T>? next = segment.Next;
            if (next is null)
            {
                return false;
            }

            if (next == Segment<T>.Cut)
            {
                next = log.Window.Segment;
                if (next.First > _sequence)
                {
                    // The window has moved on since the cursor last looked how far behind it is.
                    KeepUp(log);
                    if (_missed > 0)
                    {
                        return false;
                    }

                    if (next.First > _sequence)
                    {
                        // It joined further back than the window reached, and nobody holds those events any more.
                        if (_failsWhenLagging)
                        {
                            _missed = log.NextSequence - _sequence;
                            return false;
                        }

                        JumpTo(next.First);
                    }
                }
            }

            if (Interlocked.CompareExchange(ref _segment, next, segment) != segment)
            {
                return false; // being closed
            }

            segment = next;
        }

        return segment is not null && segment.Contains(_sequence);
    }
}
