using System.Diagnostics.CodeAnalysis;

namespace Rx.Storage;

/// <content>Cursors that may lag only so far, and hold no lease.</content>
internal partial struct Cursor<T>
{
    internal readonly bool IsBounded => _limit is not null;

    /// <summary>The limit of a bounded cursor.</summary>
    internal readonly LagLimit? Limit => _limit;

    /// <summary>How many events it jumped over.</summary>
    internal readonly long Dropped => _limit?.Dropped ?? 0;

    /// <summary>Whether it lagged too far and has ended before the log has.</summary>
    internal readonly bool HasFailed => _limit is { HasFailed: true };

    /// <summary>Makes a leased cursor bounded. The caller has announced that cursors may park: see <see cref="EventLog{T}"/>.</summary>
    internal void SetLimit(EventLog<T> log, LagLimit limit)
    {
        RetainedWindow<T> window = log.OpenWindow();
        window.Add(limit, _sequence);
        window.ReachBack(_segment.Owned!);
        _limit = limit;
        log.Leave(_segment.Owned!);
    }

    /// <summary>How far the cursor lags, as far as its bound goes; for any thread. What writers have claimed counts.</summary>
    internal readonly long CountClaimed(long next) => IsOvertaken(next) ? _limit!.Bound : next - Sequence;

    /// <summary>How many of the newest events are kept for the cursor; for any thread. A window keeps as many as the bound, read or not, and what is
    /// left of a replay.</summary>
    internal readonly long CountKept(EventLog<T> log)
    {
        long next = log.NextSequence;
        if (_limit is not { } limit || HasFailed)
        {
            return HasFailed ? 0 : next - Sequence;
        }

        return Math.Max(next - log.Window.ReplayKeptFrom(limit, next), Math.Min(limit.Bound, next - log.WindowFirst));
    }

    /// <summary>How many events the owner can read one after the other; for any thread, to which it may be too many while the owner moves the
    /// cursor.</summary>
    /// <param name="log">The log.</param>
    /// <param name="seenTo">The sequence number to which all events are published, as far as a count has seen; kept for the next count.</param>
    /// <remarks>Once the log is disposed a bounded cursor finds what follows its segment only as far as that is linked.</remarks>
    internal readonly long CountReadable(EventLog<T> log, ref long seenTo)
    {
        long next = log.NextSequence;
        if (WillFail(next))
        {
            return _limit!.Bound; // it ends when it is asked for an event
        }

        long first = next - CountClaimed(next);
        if (log.IsDisposed)
        {
            bool isBroughtForward = !IsBounded || log.Window.Segment == Segment<T>.Cut;
            return isBroughtForward ? CountPublished(first, int.MaxValue) : next - first;
        }

        long end = Math.Max(first, Volatile.Read(ref seenTo));
        if (end < next)
        {
            if (!TryFindHole(log, ref end, next))
            {
                return next - first;
            }

            Volatile.Write(ref seenTo, end);
        }

        return Math.Min(end, next) - first;
    }

    /// <summary>Moves a sequence number on to the first one that is not published, or to <paramref name="next"/>. False if the way there is gone, since the
    /// owner has moved on: what was not looked at may still have holes.</summary>
    private readonly bool TryFindHole(EventLog<T> log, ref long end, long next)
    {
        Segment<T>? segment = log.Tail is { } tail && tail != Segment<T>.Cut && end >= tail.First ? tail : _segment.Current;
        while (segment is not null && end < next)
        {
            if (segment == Segment<T>.Cut)
            {
                if (!IsBounded || log.IsDisposed)
                {
                    return false;
                }

                segment = log.Window.Segment;
            }
            else if (end >= segment.End)
            {
                segment = segment.Next;
            }
            else if (end < segment.First)
            {
                return false;
            }
            else
            {
                end += segment.PublishedFrom(end, int.MaxValue).Length;
                segment = end < segment.End ? null : segment.Next;
            }
        }

        end = Math.Min(end, next);
        return true;
    }

    /// <summary>Keeps no replay any more that was read, or skipped.</summary>
    private readonly void LeaveReplay(EventLog<T> log)
    {
        if (_limit is { } limit && limit.HasPassedReplay(_sequence))
        {
            log.Window.EndReplay(limit);
        }
    }

    private readonly bool WillFail(long next) => _limit is { FailsWhenLagging: true } && IsOpen && IsOvertaken(next);

    private readonly bool IsOvertaken(long next) => _limit is { } limit && limit.LagOf(Sequence, next) > limit.Bound;

    /// <summary>If it lags further than the bound: jumps to the newest events it allows, or ends.</summary>
    private void KeepUp(EventLog<T> log, LagLimit limit)
    {
        long next = log.NextSequence;
        if (limit.LagOf(_sequence, next) > limit.Bound && IsOpen && !limit.HasFailed)
        {
            Skip(log, limit, next, next - limit.Bound);
        }

        LeaveReplay(log);
    }

    private void Skip(EventLog<T> log, LagLimit limit, long next, long target)
    {
        if (limit.TrySkip(_sequence, next, target))
        {
            Volatile.Write(ref _sequence, target);
        }
        else
        {
            Close(log); // it reads nothing more, so it needs nothing more
        }
    }

    /// <summary>Ends a cursor of a disposed log that lags too far, and has not noticed. For any thread.</summary>
    /// <remarks>After the process-wide barrier this thread sees what the owner has read, so it fails no cursor that has read everything.</remarks>
    internal void FailIfLagging(EventLog<T> log)
    {
        long next = log.NextSequence;
        if (!WillFail(next) || HasFailed)
        {
            return;
        }

        Interlocked.MemoryBarrierProcessWide();
        if (WillFail(next) && !HasFailed)
        {
            _limit!.Fail(next);
            Close(log);
        }
    }

    /// <summary>Before the log forgets its segments: has a bounded cursor stand in the segment of the first event that its bound allows.</summary>
    /// <remarks>
    /// By the thread that disposes the log, and keeps the window from moving. The owner may move the cursor at the same time:
    /// <code>
    /// P (disposes): segment := its place in the window  (a CAS);      window := cut
    /// C (owner):    link cut;  window cut?  yes: looks at the segment once more
    /// </code>
    /// </remarks>
    internal void BringForward(EventLog<T> log)
    {
        if (!IsBounded)
        {
            return;
        }

        Segment<T> target = log.Window.Segment;
        long next = log.NextSequence;
        long needed = next - CountClaimed(next);
        while (needed >= target.End && target.Next is { } following)
        {
            target = following;
        }

        while (_segment.Current is { } segment && segment.First < target.First)
        {
            _segment.TryMove(segment, target);
        }
    }

    /// <summary>Steps into the segment of the next sequence number without a lease; at a cut link it starts again from the
    /// window.</summary>
    private bool TryAdvanceUnleased(EventLog<T> log, LagLimit limit, [NotNullWhen(true)] out Segment<T>? segment, out long sequence)
    {
        sequence = _sequence;
        segment = _segment.Owned;
        while (segment is not null && !segment.Contains(sequence))
        {
            if (!TryFindNext(log, limit, segment, out Segment<T>? next))
            {
                return false;
            }

            // Another thread may close the cursor, or bring it forward.
            segment = next == segment || _segment.TryMove(segment, next) ? next : _segment.Current;
            sequence = _sequence; // it may have jumped
        }

        if (segment is not null && limit.Replay is not null) // plain: a hint, see the field
        {
            log.Window.MoveReplay(limit, segment.First);
        }

        return segment is not null;
    }

    /// <summary>Finds where to look on from a segment that does not have the next event; false if there is nothing there yet, or any more.</summary>
    private bool TryFindNext(EventLog<T> log, LagLimit limit, Segment<T> segment, [NotNullWhen(true)] out Segment<T>? next)
    {
        next = segment;
        if (_sequence < segment.First)
        {
            KeepUp(log, limit); // brought forward, after it last looked how far it lags
            return _sequence >= segment.First;
        }

        next = segment.Next;
        if (next != Segment<T>.Cut)
        {
            return next is not null;
        }

        next = log.Window.Segment;
        if (next == Segment<T>.Cut)
        {
            next = _segment.Current; // of a disposed log: it may have been brought forward just now
            return next is not null && next != segment;
        }

        return next.First <= _sequence || TryReach(log, limit, next);
    }

    /// <summary>Moves up to the window's segment; false if the cursor ends instead.</summary>
    private bool TryReach(EventLog<T> log, LagLimit limit, Segment<T> window)
    {
        // The window has moved on since the cursor last looked how far it lags.
        KeepUp(log, limit);
        if (window.First > _sequence && !limit.HasFailed)
        {
            // It joined before the window's place, and those events are no longer held.
            Skip(log, limit, log.NextSequence, window.First);
        }

        return !limit.HasFailed;
    }
}
