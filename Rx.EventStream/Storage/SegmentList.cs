using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>The linked segments of a log: the oldest that is open, the tail, and a closed one whose arrays can be used again.</summary>
/// <remarks>A mutable struct: always used in place. See <see cref="EventLog{T}"/> for the invariants.</remarks>
internal struct SegmentList<T>
{
    private const int FirstCapacity = 16;

    /// <summary>Arrays of 85,000 bytes and more would go to the large object heap, which only full collections empty.</summary>
    private const int MaxArrayBytes = 80_000;

    /// <summary>A segment lets its events go as a whole. With references in them it holds so few that what is kept of consumed events,
    /// whatever they refer to, is little.</summary>
    private const int MaxReferences = 32;

    private readonly int _maxCapacity;

    /// <summary>The newest segment that writers know of, null before the first event or join, <see cref="Segment{T}.Cut"/> once the log is
    /// disposed. CAS by writers, only forward; exchanged once by the thread that disposes the log; read with acquire.</summary>
    private Segment<T>? _tail;

    /// <summary>The oldest segment that is not closed, <see cref="Segment{T}.Cut"/> once the log is disposed. CAS from null, then by the
    /// thread that closed its predecessor; exchanged once by the thread that disposes the log; read with acquire.</summary>
    private Segment<T>? _oldest;

    /// <summary>A closed segment whose arrays the next one takes over, or null. Written with release by the thread that closed it,
    /// exchanged by the thread that links the next.</summary>
    private Segment<T>? _spare;

    private bool _hasLostClaims;

    /// <param name="maxCapacity">The most events in one segment.</param>
    /// <param name="hasTraces">Whether events are kept with their traces, which are references.</param>
    internal SegmentList(int maxCapacity, bool hasTraces)
    {
        int most = Math.Max(1, MaxArrayBytes / Unsafe.SizeOf<T>());
        _maxCapacity = Math.Min(maxCapacity, hasTraces || RuntimeHelpers.IsReferenceOrContainsReferences<T>() ? Math.Min(MaxReferences, most) : most);
    }

    internal readonly Segment<T>? Tail
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(in _tail);
    }

    /// <summary>The oldest segment that is open; for figures.</summary>
    internal readonly Segment<T>? Oldest => Volatile.Read(in _oldest);

    /// <summary>Whether a writer could not publish what it had claimed, such as for want of memory. Written with release by that writer, read with acquire by
    /// the thread that settles the log.</summary>
    internal readonly bool HasLostClaims => Volatile.Read(in _hasLostClaims);

    /// <summary>How many segments are linked and open; for figures.</summary>
    internal readonly int Count
    {
        get
        {
            int count = 0;
            for (Segment<T>? s = Volatile.Read(in _oldest); s is not null && s != Segment<T>.Cut; s = s.Next)
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>A leased cursor at the beginning of the oldest open segment; a closed one if there is none.</summary>
    internal readonly Cursor<T> JoinOldestOpen()
    {
        while (Oldest is { } oldest && oldest != Segment<T>.Cut)
        {
            if (oldest.TryEnter())
            {
                return new Cursor<T>(oldest, oldest.First);
            }
        }

        return default;
    }

    /// <summary>Makes the first segment, unless another thread was faster.</summary>
    /// <param name="window">The window of a log that retains, which takes a lease on the segment, or null.</param>
    /// <param name="stamps">What is noted of each event.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal Segment<T> CreateFirstSlow(RetainedWindow<T>? window, PublishFlags stamps)
    {
        var first = new Segment<T>(first: 0, Math.Min(FirstCapacity, _maxCapacity), leases: window is null ? 1 : 2, stamps);

        // Oldest before tail: a thread that finds a tail finds an oldest segment, and a window that holds its lease.
        first = Interlocked.CompareExchange(ref _oldest, first, null) ?? first;
        window?.TryOpen(first);
        Interlocked.CompareExchange(ref _tail, first, null);
        return Tail!;
    }

    /// <summary>Finds the segment of a claimed sequence number, linking new ones where the list ends.</summary>
    /// <remarks>
    /// Lock-free. The tail's lease comes with a new segment and given back by the thread that moves the tail off the old one. Where the
    /// walk meets a cut link it starts again from the oldest segment: see I6 of <see cref="EventLog{T}"/>. A disposed log has none: then the
    /// event goes to a segment that no reader finds.
    /// </remarks>
    /// <param name="segment">Where to begin: not after the segment of <paramref name="sequence"/>.</param>
    /// <param name="sequence">A claimed sequence number.</param>
    /// <param name="log">The log.</param>
    /// <exception cref="InvalidOperationException">There is no such segment any more: several threads publish to a log for a single
    /// writer.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal Segment<T> LocateSlow(Segment<T> segment, long sequence, EventLog<T> log)
    {
        try
        {
            return Locate(segment, sequence, log);
        }
        catch (Exception)
        {
            Volatile.Write(ref _hasLostClaims, true);
            throw;
        }
    }

    /// <summary>Links what follows a segment that a reader has read to its end.</summary>
    /// <remarks>No lease is needed: only the last segment has no link, and it is open. The tail is left to the writer.</remarks>
    internal void LinkNext(Segment<T> read, PublishFlags stamps)
    {
        if (read.Next is null && read != Segment<T>.Cut)
        {
            read.Link(CreateNext(read, stamps));
        }
    }

    /// <summary>Closes segments, oldest first, as long as no lease is held on them and they have no hole.</summary>
    /// <remarks>
    /// <code>
    /// P (leaves the second oldest): lease count := 0;     is it the oldest? not yet: done
    /// C (closes the oldest):        oldest := the second; its lease count? 0: close it too
    /// </code>
    /// The decrement and the CAS are full fences, so one of them sees the other. A writer that fills the last hole of an old
    /// segment tries the closing again; if the two run at once and both miss, the next lease to be given back closes it, at the latest the
    /// tail's with the next segment.
    /// </remarks>
    /// <param name="log">The log.</param>
    internal void Reclaim(EventLog<T> log)
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
            bool isListed = Interlocked.CompareExchange(ref _oldest, next, oldest) == oldest;
            oldest.CutLink();
            if (!isListed)
            {
                return; // the log was disposed in between
            }

            if (log.MayReuse && oldest.Capacity == _maxCapacity && oldest.IsReusable)
            {
                oldest.Forget();
                Volatile.Write(ref _spare, oldest); // releases what was read there; pairs with the exchange in CreateNext
            }
        }
    }

    /// <summary>Forgets every segment, for a log that is disposed: what no reader or position refers to can be collected.</summary>
    /// <remarks>From now on no segment closes, so the leases that the tail held need not be given back. A writer that had the tail before goes
    /// on there. Calling it again does nothing.</remarks>
    internal void LetGo()
    {
        Interlocked.Exchange(ref _oldest, Segment<T>.Cut);
        Interlocked.Exchange(ref _tail, Segment<T>.Cut);
        Interlocked.Exchange(ref _spare, null);
    }

    private Segment<T> Locate(Segment<T> segment, long sequence, EventLog<T> log)
    {
        while (!segment.Contains(sequence))
        {
            if (segment == Segment<T>.Cut)
            {
                segment = Volatile.Read(ref _oldest)!;
                if (segment == Segment<T>.Cut)
                {
                    return new Segment<T>(sequence, Math.Min(FirstCapacity, _maxCapacity), leases: 1, log.Stamps);
                }

                continue;
            }

            if (sequence < segment.First)
            {
                throw EventLog<T>.BrokenPromise();
            }

            Segment<T> next = segment.Next ?? segment.Link(CreateNext(segment, log.Stamps));

            // Publishes nothing that Link has not; pairs with the acquire in Tail.
            if (next != Segment<T>.Cut && Interlocked.CompareExchange(ref _tail, next, segment) == segment)
            {
                log.Leave(segment);
                log.MoveWindow();
            }

            segment = next;
        }

        return segment;
    }

    private Segment<T> CreateNext(Segment<T> last, PublishFlags stamps)
    {
        int capacity = (int)Math.Min(2L * last.Capacity, _maxCapacity);
        return capacity == _maxCapacity && Interlocked.Exchange(ref _spare, null) is { } spare
            ? new Segment<T>(last.End, spare, leases: 1)
            : new Segment<T>(last.End, capacity, leases: 1, stamps);
    }
}
