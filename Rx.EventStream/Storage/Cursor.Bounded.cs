using System.Diagnostics.CodeAnalysis;

namespace Rx.Storage;

/// <content>Cursors that may lag only so far, and hold no lease.</content>
internal partial struct Cursor<T>
{
    internal readonly bool IsBounded => _bound > 0;

    /// <summary>How many events it jumped over.</summary>
    internal readonly long Dropped => Volatile.Read(in _dropped);

    /// <summary>Whether it lagged too far and has ended before the log has.</summary>
    internal readonly bool HasFailed => _missed > 0;

    /// <summary>Makes a leased cursor bounded. The caller has announced that cursors may park: see <see cref="EventLog{T}"/>.</summary>
    internal void SetBound(EventLog<T> log, int bound, bool failsWhenLagging)
    {
        RetainedWindow<T> window = log.OpenWindow();
        window.AddBound(bound);
        window.ReachBack(_segment.Owned!);
        _bound = bound;
        _failsWhenLagging = failsWhenLagging;
        log.Leave(_segment.Owned!);
    }

    /// <summary>The lag that ended it, or 0; for the owner.</summary>
    internal readonly long Missed => _missed;

    internal readonly int Bound => _bound;

    /// <summary>If it lags further than the bound: jumps to the newest events it allows, or ends.</summary>
    private void KeepUp(EventLog<T> log)
    {
        long next = log.NextSequence;
        long lag = next - _sequence;
        if (lag <= _bound || HasFailed)
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

    /// <summary>Steps into the segment of the next sequence number without a lease; at a cut link it starts again from the
    /// window.</summary>
    private bool TryAdvanceUnleased(EventLog<T> log, [NotNullWhen(true)] out Segment<T>? segment)
    {
        segment = _segment.Owned;
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
                if (next == Segment<T>.Cut || (next.First > _sequence && !TryReach(log, next)))
                {
                    return false; // of a disposed log, or ended
                }
            }

            if (!_segment.TryMove(segment, next))
            {
                return false; // being closed
            }

            segment = next;
        }

        return segment is not null && segment.Contains(_sequence);
    }

    /// <summary>Moves up to the window's segment; false if the cursor ends instead.</summary>
    private bool TryReach(EventLog<T> log, Segment<T> window)
    {
        // The window has moved on since the cursor last looked how far it lags.
        KeepUp(log);
        if (HasFailed)
        {
            return false;
        }

        if (window.First > _sequence)
        {
            // It joined before the window's place, and those events are no longer held.
            if (_failsWhenLagging)
            {
                _missed = log.NextSequence - _sequence;
                return false;
            }

            JumpTo(window.First);
        }

        return true;
    }
}
