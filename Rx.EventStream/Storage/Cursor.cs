using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>A moving place in a log, with a lease on the segment it stands in. One owner at a time; a mutable struct, always used in place.</summary>
internal struct Cursor<T>
{
    /// <summary>The leased segment, or null when closed. Written by the owner; others read it only for a hint.</summary>
    private Segment<T>? _segment;

    /// <summary>The next sequence to read; may lie behind the segment's end. Written by the owner, read by anyone for the lag.</summary>
    private long _sequence;

    /// <summary>A cursor that takes over a lease already entered.</summary>
    internal Cursor(Segment<T> leased, long sequence)
    {
        _segment = leased;
        _sequence = sequence;
    }

    /// <summary>The next sequence to read.</summary>
    internal readonly long Sequence => Volatile.Read(in _sequence);

    internal readonly bool IsOpen => _segment is not null;

    internal readonly Segment<T>? Segment => _segment;

    /// <summary>A second cursor at the same place, with a lease of its own. The first must stay open meanwhile.</summary>
    internal readonly Cursor<T> Fork()
    {
        _segment!.Enter();
        return new Cursor<T>(_segment, _sequence);
    }

    /// <summary>Reads the next event, if it is published.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRead(EventLog<T> log, [MaybeNullWhen(false)] out T value)
    {
        if (!TryPeek(log, out value))
        {
            return false;
        }

        Volatile.Write(ref _sequence, _sequence + 1);
        return true;
    }

    /// <summary>Reads the next event, if it is published, and stays before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryPeek(EventLog<T> log, [MaybeNullWhen(false)] out T value)
    {
        Segment<T>? segment = _segment;
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
        Segment<T>? segment = _segment;
        return segment is not null && (segment.Contains(_sequence) || TryAdvanceSlow(log, out segment))
            ? segment.PublishedFrom(_sequence, maxCount)
            : default;
    }

    /// <summary>Moves over events that were delivered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MoveTo(long sequence) => Volatile.Write(ref _sequence, sequence);

    /// <summary>Whether the next event is published.</summary>
    internal bool HasEvent(EventLog<T> log) => TryPeek(log, out _);

    /// <summary>Whether the cursor stands before the terminal event.</summary>
    /// <remarks>At or behind it: a cursor that joined in the moment of the end may count claims that came too late.</remarks>
    internal readonly bool IsAtEnd(EventLog<T> log) => _sequence >= log.End;

    /// <summary>Whether there is an event or the terminal to read.</summary>
    internal bool IsReady(EventLog<T> log) => HasEvent(log) || IsAtEnd(log);

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
        if (_segment is { } segment)
        {
            _segment = null;
            log.Leave(segment);
        }
    }

    private readonly bool LooksReady(EventLog<T> log, long sequence)
    {
        if (sequence >= log.End)
        {
            return true;
        }

        Segment<T>? segment = Volatile.Read(in _segment);
        while (segment is not null && sequence >= segment.End)
        {
            segment = segment.Next;
        }

        return segment is not null && segment.Contains(sequence) && segment.IsPublished(sequence);
    }

    /// <summary>Steps into the segment of the next sequence; false when it is not linked yet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryAdvanceSlow(EventLog<T> log, [NotNullWhen(true)] out Segment<T>? segment)
    {
        segment = _segment!;
        while (_sequence >= segment.End)
        {
            Segment<T>? next = segment.Next;
            if (next is null)
            {
                return false;
            }

            Debug.Assert(next != Segment<T>.Cut, "A leased segment is never closed.");
            next.Enter();
            _segment = next;
            log.Leave(segment);
            segment = next;
        }

        // A cursor that joined behind the end may stand before its segment; there is nothing for it but the terminal.
        return segment.Contains(_sequence);
    }
}
