using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>A moving place in a log. One owner at a time; a mutable struct, always used in place.</summary>
/// <remarks>
/// A cursor holds a lease on the segment it stands in, unless it is bounded. A bounded cursor may be overtaken: it relies on the
/// log's window, which keeps the newest events that its bound allows, and jumps there when it lags further. What it then
/// still refers to is one segment, whose link has been cut.
/// </remarks>
internal partial struct Cursor<T>
{
    /// <summary>The segment, or closed. Moved by the owner, and of a bounded cursor by the thread that disposes the log; closed by the owner, or by the
    /// thread that disposes it.</summary>
    private SegmentRef<T> _segment;

    /// <summary>The next sequence number to read; may lie after the segment's end. Written by the owner, read by any thread for the
    /// lag.</summary>
    private long _sequence;

    /// <summary>How far the cursor may lag, or null if it holds a lease instead. Set before it is used.</summary>
    private LagLimit? _limit;

    /// <summary>A cursor that takes over a lease already entered.</summary>
    internal Cursor(Segment<T> leased, long sequence)
    {
        _segment = new SegmentRef<T>(leased);
        _sequence = sequence;
    }

    /// <summary>The next sequence number to read.</summary>
    internal readonly long Sequence
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(in _sequence);
    }

    internal readonly bool IsOpen => _segment.Current is not null;

    internal readonly Segment<T>? Segment => _segment.Owned;

    /// <summary>Makes a second cursor at the same place, with a lease of its own; false if this one is closed, or is being closed by
    /// another thread.</summary>
    internal readonly bool TryFork(out Cursor<T> fork)
    {
        Segment<T>? segment = _segment.Current;
        bool isForked = segment is not null && segment.TryEnter();
        fork = isForked ? new Cursor<T>(segment!, _sequence) : default;
        return isForked;
    }

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
        if (_limit is { } limit)
        {
            KeepUp(log, limit);
        }

        // Once: a second thread that uses the cursor against the rules must not make this one read outside of the segment.
        long sequence = _sequence;
        Segment<T>? segment = HasFailed ? null : _segment.Owned;
        if (segment is not null && (segment.Contains(sequence) || TryAdvanceSlow(log, out segment, out sequence)) && segment.IsPublished(sequence))
        {
            value = segment.Read(sequence);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The run of published events from here to the end of the segment, without moving; empty when dry.</summary>
    internal ReadOnlyMemory<T> PeekRun(EventLog<T> log, int maxCount)
    {
        if (_limit is { } limit)
        {
            KeepUp(log, limit);
        }

        long sequence = _sequence; // once, as in TryPeek
        Segment<T>? segment = HasFailed ? null : _segment.Owned;
        return segment is not null && (segment.Contains(sequence) || TryAdvanceSlow(log, out segment, out sequence))
            ? segment.PublishedFrom(sequence, maxCount)
            : default;
    }

    /// <summary>As <see cref="PeekRun"/>, for a caller that may keep the run: its memory is not used again.</summary>
    internal ReadOnlyMemory<T> PeekBatch(EventLog<T> log, int maxCount)
    {
        ReadOnlyMemory<T> run = PeekRun(log, maxCount);
        if (!run.IsEmpty)
        {
            _segment.Owned!.HandOut();
        }

        return run;
    }

    /// <summary>The trace in which the next event was published, which the owner has seen. Null where the log has no traces, and in a cursor that
    /// another thread has closed.</summary>
    internal readonly PublisherTrace? PeekTrace() =>
        _segment.Current is { } segment && segment.Contains(_sequence) ? segment.TraceOf(_sequence) : null;

    /// <summary>Moves over events that were delivered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MoveTo(long sequence) => Volatile.Write(ref _sequence, sequence);

    /// <summary>Moves over one event that was delivered. Saves a register in loops that call observers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MoveOn() => Volatile.Write(ref _sequence, _sequence + 1);

    /// <summary>For an owner that is about to park: makes the next segment now, if the last one has been read to its end.</summary>
    internal readonly void PrepareNext(EventLog<T> log)
    {
        if (_segment.Current is { } segment && _sequence >= segment.End)
        {
            log.PrepareNext(segment);
        }
    }

    /// <summary>Steps into the segment of the next event, if it is there, so that the lease keeps no earlier one.</summary>
    internal void StepIn(EventLog<T> log) => HasEvent(log);

    /// <summary>After a move over events of several segments: leaves those that were read to their end, and a replay that was. A lease keeps them, and
    /// for a bounded cursor the window keeps only that of the last event.</summary>
    internal void LeaveRead(EventLog<T> log)
    {
        if (_segment.Owned is { } segment && _sequence >= segment.End)
        {
            TryAdvanceSlow(log, out _, out _);
        }

        LeaveReplay(log);
    }

    /// <summary>Moves over what is published; false if there is a hole before the event at <paramref name="next"/>.</summary>
    internal bool TryMoveOverPublished(EventLog<T> log, long next)
    {
        int count;
        while (_sequence < next && (count = PeekRun(log, int.MaxValue).Length) > 0)
        {
            MoveTo(_sequence + count);
        }

        return _sequence >= next;
    }

    /// <summary>Skips what is claimed so far, for a cursor that joins at the next event.</summary>
    internal void SkipToNext(EventLog<T> log)
    {
        MoveTo(Math.Max(_sequence, log.NextSequence));
        StepIn(log);
    }

    /// <summary>Skips what is claimed so far but the newest event, for a cursor that joins there.</summary>
    internal void SkipToNewest(EventLog<T> log)
    {
        MoveTo(Math.Max(_sequence, log.NextSequence - 1));
        StepIn(log);
    }

    /// <summary>Whether the next event is published.</summary>
    internal bool HasEvent(EventLog<T> log) => TryPeek(log, out _);

    /// <summary>Whether every event before the end has been read.</summary>
    internal readonly bool IsAtEnd(EventLog<T> log) => _sequence >= log.End;

    /// <summary>Whether there is an event or the terminal event to read, or the cursor has ended.</summary>
    internal bool IsReady(EventLog<T> log) => HasEvent(log) || IsAtEnd(log) || HasFailed;

    /// <summary>Whether there is something to read; for any thread. It moves nothing.</summary>
    internal readonly bool LooksReady(EventLog<T> log)
    {
        long sequence = Sequence;
        if (sequence >= log.End)
        {
            return true;
        }

        Segment<T>? segment = _segment.Current;
        while (segment is not null && sequence >= segment.End)
        {
            segment = segment.Next;
            if (segment == Segment<T>.Cut)
            {
                return true; // overtaken if bounded, or just moving on if not
            }
        }

        return segment is not null && segment.Contains(sequence) && segment.IsPublished(sequence);
    }

    /// <summary>Gives the lease back. The sequence number can still be read.</summary>
    internal void Close(EventLog<T> log)
    {
        if (_segment.Take() is { } segment)
        {
            if (_limit is { } limit)
            {
                log.Window.Remove(limit);
            }
            else
            {
                log.Leave(segment);
            }
        }
    }

    /// <summary>Steps into the segment of the next sequence number, which may be a later one by then; false when it is not linked
    /// yet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryAdvanceSlow(EventLog<T> log, [NotNullWhen(true)] out Segment<T>? segment, out long sequence)
    {
        if (_limit is { } limit)
        {
            return TryAdvanceUnleased(log, limit, out segment, out sequence);
        }

        sequence = _sequence;
        segment = _segment.Owned;
        while (segment is not null && _sequence >= segment.End)
        {
            Segment<T>? next = segment.Next;

            // Entering fails, and so does moving, if another thread is closing the cursor.
            if (next is null || !next.TryEnter())
            {
                return false;
            }

            if (!_segment.TryMove(segment, next))
            {
                log.Leave(next);
                return false;
            }

            log.Leave(segment);
            segment = next;
        }

        // A cursor that joined after the end may stand before its segment; it reads nothing but the terminal event.
        sequence = _sequence;
        return segment is not null && segment.Contains(sequence);
    }
}
