using System.Diagnostics;

namespace Rx.Storage;

/// <summary>Keeps the newest events of a log reachable: for those who come late, and for bounded cursors, which hold no lease.</summary>
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

    /// <summary>How many cursors there are of each bound; read and written under a lock on it.</summary>
    private readonly SortedDictionary<int, int> _bounds = [];

    /// <summary>The greatest bound; written under the lock, read with acquire by whoever moves the window.</summary>
    private long _bound;

    /// <summary>The leased segment, null before the first event or join. Set once by CAS, then moved, mostly forward, by who holds <see cref="_isMoving"/>.</summary>
    private Segment<T>? _segment;

    /// <summary>The time when it was last asked for, which is all that moving the window needs. Written by whoever publishes or joins, read by who moves;
    /// one that is a little old keeps a little more.</summary>
    private long _lastSeen = long.MinValue;

    /// <summary>1 while somebody moves the window; exchanged. Who finds it set leaves the work to that one.</summary>
    private int _isMoving;

    /// <param name="log">The log.</param>
    /// <param name="maxCount">The most events retained for those who come late; 0 for none.</param>
    /// <param name="maxAge">Their greatest age, in the units of <paramref name="clock"/>.</param>
    /// <param name="clock">The time now, or null if age does not matter.</param>
    internal RetainedWindow(EventLog<T> log, long maxCount, long maxAge, Func<long>? clock)
    {
        _log = log;
        _maxCount = maxCount;
        _maxAge = maxAge;
        _clock = clock;
    }

    /// <summary>Whether those who come late get anything.</summary>
    internal bool Retains => _maxCount > 0;

    internal bool IsTimed => _clock is not null;

    /// <summary>The leased segment; may be closed and behind by the time the caller looks at it.</summary>
    internal Segment<T> Segment => Volatile.Read(ref _segment)!;

    /// <summary>The time now, from foreign code, which may throw: never called between a claim and its publication.</summary>
    internal long Now()
    {
        long now = _clock!();
        Volatile.Write(ref _lastSeen, now);
        return now;
    }

    /// <summary>Takes over a lease on the segment from which on events are to be kept; false if the window was open.</summary>
    internal bool TryOpen(Segment<T> leased) => Interlocked.CompareExchange(ref _segment, leased, null) is null;

    /// <summary>A leased cursor before the oldest retained event.</summary>
    internal Cursor<T> JoinOldest()
    {
        if (Volatile.Read(ref _segment) is null)
        {
            _log.TailBeforeClaim();
        }

        long now = IsTimed ? Now() : 0;
        while (true)
        {
            Segment<T> segment = Segment;
            if (segment.TryEnter())
            {
                var cursor = new Cursor<T>(segment, RetainedFrom(segment, now));
                return cursor;
            }
        }
    }

    /// <summary>Sees to it that the newest <paramref name="bound"/> events stay reachable from now on.</summary>
    internal void AddBound(int bound)
    {
        lock (_bounds)
        {
            _bounds[bound] = _bounds.GetValueOrDefault(bound) + 1;
            Volatile.Write(ref _bound, _bounds.Keys.Last());
        }
    }

    internal void RemoveBound(int bound)
    {
        lock (_bounds)
        {
            if (--_bounds[bound] == 0)
            {
                _bounds.Remove(bound);
                Volatile.Write(ref _bound, _bounds.Count == 0 ? 0 : _bounds.Keys.Last());
            }
        }
    }

    /// <summary>Moves the window back to a segment that the caller holds a lease on, as far as it is promised to somebody.</summary>
    /// <remarks>Waits while another thread is moving the window. Called by who joins with a bound, further back than the window reaches.</remarks>
    internal void ReachBack(Segment<T> leased)
    {
        // In turn even where the window stands far enough back: who is moving it may not have seen the new bound.
        var wait = new SpinWait();
        while (Interlocked.Exchange(ref _isMoving, 1) != 0)
        {
            wait.SpinOnce();
        }

        Segment<T> segment = Segment;
        if (leased.First < segment.First)
        {
            leased.Enter();
            Volatile.Write(ref _segment, leased);
            _log.Leave(segment);
        }

        Interlocked.Exchange(ref _isMoving, 0);
        MoveForward();
    }

    /// <summary>Lets go of segments that nobody is promised any more. Lock-free. Called when the tail has moved.</summary>
    /// <remarks>
    /// <code>
    /// P (skips): tail moved;    somebody is moving the window? then it is theirs
    /// C (moves): moving := no;  full fence;  is there more to let go? then again
    /// </code>
    /// </remarks>
    internal void MoveForward()
    {
        while (Volatile.Read(ref _segment) is not null && Interlocked.Exchange(ref _isMoving, 1) == 0)
        {
            Segment<T> segment = Segment;
            long needed = NeededFrom(segment);
            while (needed >= segment.End && segment.Next is { } next)
            {
                Debug.Assert(next != Segment<T>.Cut, "A leased segment is never closed.");
                next.Enter();
                Volatile.Write(ref _segment, next);
                _log.Leave(segment);
                segment = next;
            }

            Interlocked.Exchange(ref _isMoving, 0);
            if (segment.Next is null || _log.NextSequence - KeptCount < segment.End || IsTimed)
            {
                return;
            }
        }
    }

    private long KeptCount => Math.Max(_maxCount, Volatile.Read(ref _bound));

    private long NeededFrom(Segment<T> leased) =>
        Math.Min(_log.NextSequence - Volatile.Read(ref _bound), RetainedFrom(leased, Volatile.Read(ref _lastSeen)));

    /// <summary>The sequence of the oldest retained event, by one who holds a lease on the window's segment.</summary>
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
            else if (!segment.IsPublished(sequence) || segment.StampOf(sequence) >= oldest)
            {
                break;
            }
            else
            {
                // A whole segment at a time where its last event has expired too.
                long last = segment.End - 1;
                sequence = segment.IsPublished(last) && segment.StampOf(last) < oldest ? segment.End : sequence + 1;
            }
        }

        return Math.Min(sequence, next);
    }
}
