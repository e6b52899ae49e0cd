using System.Diagnostics;

namespace Rx.Storage;

/// <summary>Keeps the newest events of a log reachable: for late subscribers, and for bounded cursors, which hold no lease.</summary>
/// <remarks>
/// It is one lease that moves forward, at the latest when the tail moves to a new segment. It serves the retention and all
/// bounded cursors together, so what is kept is the largest of them, and at most a segment more.
/// </remarks>
internal sealed class RetainedWindow<T>
{
    // Immutable.
    private readonly EventLog<T> _log;
    private readonly long _maxCount;
    private readonly long _maxAge;
    private readonly Func<long>? _clock;

    private readonly UninterruptibleLock _gate = new();

    /// <summary>How many cursors there are of each bound. Under the lock.</summary>
    private readonly SortedDictionary<int, int> _bounds = [];

    /// <summary>What these cursors still replay.</summary>
    private readonly ReplayList _replays = new();

    /// <summary>The greatest bound. Written under the lock, read with acquire by the thread that moves the window.</summary>
    private long _bound;

    private WindowState<T> _state;

    /// <summary>The time when the clock was last read, which is all that moving the window needs. Written by publishers and joiners, read
    /// by the thread that moves the window; a time that is a little old keeps a little more.</summary>
    private long _lastSeen = long.MinValue;

    /// <param name="log">The log.</param>
    /// <param name="maxCount">The most events retained for late subscribers; 0 for none.</param>
    /// <param name="maxAge">Their greatest age, in the units of <paramref name="clock"/>.</param>
    /// <param name="clock">The time now, or null if age does not matter.</param>
    internal RetainedWindow(EventLog<T> log, long maxCount, long maxAge, Func<long>? clock)
    {
        _log = log;
        _maxCount = maxCount;
        _maxAge = maxAge;
        _clock = clock;
    }

    /// <summary>Whether late subscribers get anything.</summary>
    internal bool Retains => _maxCount > 0;

    internal bool IsTimed => _clock is not null;

    internal bool IsOpen => _state.Segment is not null;

    /// <summary>The leased segment of an open window; may be closed when the caller looks at it. Of a disposed log it is
    /// <see cref="Segment{T}.Cut"/>.</summary>
    internal Segment<T> Segment => _state.Segment!;

    /// <summary>The time now, from foreign code, which may throw: never called between a claim and its publication.</summary>
    internal long Now()
    {
        long now = _clock!();
        Volatile.Write(ref _lastSeen, now);
        return now;
    }

    /// <summary>Takes over a lease on the first segment to keep; false if the window was open.</summary>
    internal bool TryOpen(Segment<T> leased) => _state.TryOpen(leased);

    /// <summary>A leased cursor before the oldest retained event; of a disposed log a closed one.</summary>
    internal Cursor<T> JoinOldest()
    {
        if (!IsOpen)
        {
            _log.TailBeforeClaim();
        }

        long now = IsTimed ? Now() : 0;
        while (true)
        {
            Segment<T> segment = Segment;
            if (segment.TryEnter())
            {
                var oldest = new Cursor<T>(segment, RetainedFrom(segment, now));
                oldest.StepIn(_log); // the window may stand further back, for a replay
                return oldest;
            }

            if (segment == Segment<T>.Cut)
            {
                return default;
            }
        }
    }

    /// <summary>Keeps reachable what a cursor may still read: its replay, and as many of the newest events as its bound allows.</summary>
    internal void Add(LagLimit limit, long first)
    {
        if (first < limit.ReplayEnd)
        {
            _replays.Add(limit, first);
        }

        using (_gate.Enter())
        {
            _bounds[limit.Bound] = _bounds.GetValueOrDefault(limit.Bound) + 1;
            Volatile.Write(ref _bound, _bounds.Keys.Last());
        }
    }

    /// <summary>Keeps nothing any more for a cursor that is closed.</summary>
    internal void Remove(LagLimit limit)
    {
        _replays.Remove(limit);
        using (_gate.Enter())
        {
            if (--_bounds[limit.Bound] == 0)
            {
                _bounds.Remove(limit.Bound);
                Volatile.Write(ref _bound, _bounds.Count == 0 ? 0 : _bounds.Keys.Last());
            }
        }

        MoveForward(); // on a stream that rests, no publisher would
    }

    /// <summary>Keeps no replay any more for a cursor that has passed it.</summary>
    internal void EndReplay(LagLimit limit)
    {
        _replays.Remove(limit);
        MoveForward();
    }

    /// <summary>Keeps a replay only from here on, for a cursor that has read what is before.</summary>
    internal void MoveReplay(LagLimit limit, long first)
    {
        _replays.Move(limit, first);
        MoveForward();
    }

    /// <summary>The first event that is kept for a cursor's replay, or <paramref name="next"/>. For any thread, for a figure.</summary>
    internal long ReplayKeptFrom(LagLimit limit, long next) =>
        limit.Replay is { } group && _replays.Keeps(group, next) ? group.First : next;

    /// <summary>Moves the window back to a segment that the caller holds a lease on, as far as a bound or the retention needs it.</summary>
    /// <remarks>For a bounded cursor that joins before the window's place. Waits while another thread moves the window, also where the
    /// window's place is old enough: the thread that moves it may not have seen the new bound.</remarks>
    internal void ReachBack(Segment<T> leased)
    {
        _state.BeginMove();
        Segment<T> segment = Segment;
        if (leased.First < segment.First)
        {
            leased.Enter();
            _state.MoveOwned(leased);
            _log.Leave(segment);
        }

        _state.EndMove();
        MoveForward();
    }

    /// <summary>Forgets its segment, for a log that is disposed. What only the retention keeps is let go first: a bounded cursor that lags further than its bound
    /// would find the way to it.</summary>
    /// <param name="bringForward">Has bounded cursors stand no further back than the window, which stays where it is until this returns.</param>
    internal void LetGo(Action bringForward)
    {
        _state.BeginMove();
        if (IsOpen && Volatile.Read(ref _bound) > 0)
        {
            MoveOwned(Segment, BoundedFrom(_log.NextSequence));
            bringForward();
        }

        _state.MoveOwned(Segment<T>.Cut);
        _state.EndMove();
    }

    /// <summary>Lets go of segments that are no longer needed. Lock-free. Called when the tail has moved.</summary>
    /// <remarks>
    /// <code>
    /// P (skips): tail moved;    does a thread move the window? then it does this too
    /// C (moves): moving := no;  full fence;  is there more to let go? then again
    /// </code>
    /// </remarks>
    internal void MoveForward()
    {
        while (IsOpen && _state.TryBeginMove())
        {
            Segment<T> segment = MoveOwned(Segment, NeededFrom(Segment));
            _state.EndMove();
            if (segment.Next is null || IsTimed || IsNeeded(segment))
            {
                return;
            }
        }
    }

    /// <summary>Moves up to the segment of the first event to keep, which it returns. By the thread that moves the window.</summary>
    private Segment<T> MoveOwned(Segment<T> segment, long needed)
    {
        while (needed >= segment.End && segment.Next is { } next)
        {
            Debug.Assert(next != Segment<T>.Cut, "A leased segment is never closed.");
            next.Enter();
            _state.MoveOwned(next);
            _log.Leave(segment);
            segment = next;
        }

        return segment;
    }

    /// <summary>The first event to keep for bounded cursors.</summary>
    /// <remarks>One more than they may lag or replay: a cursor refers to the segment of the event before the one that it reads next. If that were closed,
    /// the cursor could not reach the next one once the log is disposed.</remarks>
    private long BoundedFrom(long next)
    {
        long bound = Volatile.Read(ref _bound);
        return bound == 0 ? next : Math.Min(next - bound, _replays.KeptFrom(next)) - 1;
    }

    private long NeededFrom(Segment<T> leased) =>
        Math.Min(BoundedFrom(_log.NextSequence), RetainedFrom(leased, Volatile.Read(ref _lastSeen)));

    /// <summary>Whether a segment has events to keep, as far as age does not matter.</summary>
    private bool IsNeeded(Segment<T> segment)
    {
        long next = _log.NextSequence;
        return Math.Min(next - _maxCount, BoundedFrom(next)) < segment.End;
    }

    /// <summary>The sequence number of the oldest retained event, for a caller that holds a lease on the window's segment.</summary>
    private long RetainedFrom(Segment<T> leased, long now)
    {
        long next = _log.NextSequence;
        long sequence = Math.Max(leased.First, next - Math.Min(_maxCount, next));
        if (_clock is null || now == long.MinValue)
        {
            return sequence;
        }

        long oldest = now - _maxAge;
        Segment<T>? segment = leased;
        while (segment is not null && sequence < next)
        {
            if (sequence >= segment.End)
            {
                segment = segment.Next;
            }
            else if (!segment.IsPublished(sequence) || segment.TimeOf(sequence) >= oldest)
            {
                break;
            }
            else
            {
                // A whole segment at a time where its last event has expired too.
                long last = segment.End - 1;
                sequence = segment.IsPublished(last) && segment.TimeOf(last) < oldest ? segment.End : sequence + 1;
            }
        }

        return Math.Min(sequence, next);
    }
}
