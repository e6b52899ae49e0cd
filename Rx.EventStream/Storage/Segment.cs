using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rx.Storage;

/// <summary>A node of the log: a run of events beside one readiness mark per slot, and the link to the next node.</summary>
/// <remarks>
/// An unbounded cursor, a position, the window and the tail hold a lease on the segment they stand in. A segment with no lease left, all slots
/// published and no older open segment is closed: no cursor can enter it any more, and its link is cut, so that a dead segment which the
/// collector has already promoted cannot keep the later ones alive.
/// </remarks>
internal sealed class Segment<T>
{
    /// <summary>Stands in <see cref="_next"/> of a closed segment: a walk that meets it starts again from the oldest one.</summary>
    internal static readonly Segment<T> Cut = new(first: 0, capacity: 0, leases: Closed);

    private const int Closed = int.MinValue;
    private const byte Published = 1;

    // The references never change; the arrays' contents do, and a later segment may take the arrays over.
    private readonly T[] _items;
    private readonly byte[] _marks;

    /// <summary>When each event was published, where the log notes that; written and read as the items are.</summary>
    private readonly long[]? _times;

    /// <summary>The trace in which each event was published, or null. As <see cref="_times"/>.</summary>
    private readonly PublisherTrace?[]? _traces;

    /// <summary>Null until the next segment is linked (CAS by any writer or reader, full fence), then that segment, then
    /// <see cref="Cut"/> (written once by the thread that closed this one). Read with acquire by cursors and writers.</summary>
    private Segment<T>? _next;

    /// <summary>How many leases are held; negative once closed. Changed by interlocked operations only, by any thread.</summary>
    private int _leases;

    /// <summary>Whether a part of <see cref="_items"/> was given to a caller that may keep it. Written plainly by holders of a lease, read
    /// by the thread that closed the segment: giving the lease back lies between.</summary>
    private bool _isHandedOut;

    internal Segment(long first, int capacity, int leases, PublishFlags stamps = PublishFlags.None)
    {
        First = first;
        _items = new T[capacity];
        _marks = new byte[capacity];
        _times = (stamps & PublishFlags.Timed) != 0 ? new long[capacity] : null;
        _traces = (stamps & PublishFlags.Traced) != 0 ? new PublisherTrace?[capacity] : null;
        _leases = leases;
    }

    /// <summary>Takes over the arrays of a closed segment, which only the caller refers to.</summary>
    internal Segment(long first, Segment<T> spare, int leases)
    {
        First = first;
        _items = spare._items;
        _marks = spare._marks;
        _times = spare._times;
        _traces = spare._traces;
        _leases = leases;
        Array.Clear(_marks);
    }

    /// <summary>The sequence number of the first event.</summary>
    internal long First { get; }

    internal int Capacity => _items.Length;

    /// <summary>Whether a later segment may take over the arrays once this one is closed: no batch of it was handed out.</summary>
    internal bool IsReusable => !_isHandedOut;

    /// <summary>The sequence number after the last slot: the <see cref="First"/> of the next segment.</summary>
    internal long End => First + _items.Length;

    /// <summary>The link, read with acquire: pairs with the CAS in <see cref="Link"/>, so a linked segment is seen built.</summary>
    internal Segment<T>? Next => Volatile.Read(ref _next);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Contains(long sequence) => (ulong)(sequence - First) < (ulong)_items.Length;

    /// <summary>Writes and publishes the caller's slot, if it is in this segment.</summary>
    /// <remarks>
    /// Ordering: the mark's release store publishes the value; it pairs with the acquire in <see cref="IsPublished"/> and
    /// with the barrier in <see cref="PublishedFrom"/>. It publishes the claim too, also a single writer's, which is a plain release store.
    /// Wait-free. Called by the writer that claimed the slot.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryPublish(long sequence, T value)
    {
        T[] items = _items;
        nuint index = (nuint)(sequence - First);
        if (index >= (nuint)items.Length)
        {
            return false;
        }

        // By reference: an array store would check for covariance, which a T[] made here cannot have.
        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(items), index) = value;
        Volatile.Write(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_marks), index), Published);
        return true;
    }

    /// <summary>Writes and publishes a claimed slot of this segment, as <see cref="TryPublish"/>.</summary>
    internal void Publish(long sequence, T value)
    {
        bool isPublished = TryPublish(sequence, value);
        Debug.Assert(isPublished, "A writer publishes only inside the segment that holds its claim.");
    }

    /// <summary>Publishes as much of a claimed run as fits here, and returns how much that was.</summary>
    /// <remarks>
    /// Ordering: the write barrier stands between all values and all marks, and pairs as in <see cref="Publish"/>.
    /// <para>The last mark is stored once, alone, and after all the others. As soon as it is visible the segment may be full, and then
    /// another thread may close it and lend its arrays to a later segment. <c>Span.Fill</c> must not store it: where the length is a
    /// multiple of the vector size, it stores the last vector twice.</para>
    /// </remarks>
    internal int PublishRange(long sequence, ReadOnlySpan<T> values, EventStamp stamp = default)
    {
        Debug.Assert(Contains(sequence), "A writer publishes only inside the segment that holds its claim.");
        int index = (int)(sequence - First);
        int count = Math.Min(values.Length, _items.Length - index);
        Debug.Assert(count > 0, "A run has at least one event.");
        values[..count].CopyTo(_items.AsSpan(index));
        Stamp(sequence, count, stamp);
        Volatile.WriteBarrier();
        _marks.AsSpan(index, count - 1).Fill(Published);
        Volatile.Write(ref _marks[index + count - 1], Published);
        return count;
    }

    /// <summary>Whether the slot of a sequence number in this segment is published, read with acquire.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsPublished(long sequence)
    {
        Debug.Assert(Contains(sequence), "A cursor asks only the segment that holds its sequence number.");
        return Volatile.Read(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_marks), (nint)(sequence - First))) != 0;
    }

    /// <summary>Notes the stamp of claimed slots, as far as the log has stamps. Called before <see cref="Publish"/>, which publishes this
    /// too.</summary>
    internal void Stamp(long sequence, int count, EventStamp stamp)
    {
        int index = (int)(sequence - First);
        _times?.AsSpan(index, count).Fill(stamp.Time);
        _traces?.AsSpan(index, count).Fill(stamp.Trace);
    }

    /// <summary>When the event of a slot was published whose mark the caller has seen.</summary>
    internal long TimeOf(long sequence) => _times![sequence - First];

    /// <summary>The trace in which the event of a slot was published whose mark the caller has seen.</summary>
    internal PublisherTrace? TraceOf(long sequence) => _traces?[sequence - First];

    /// <summary>The value of a slot whose mark the caller has seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Read(long sequence) =>
        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_items), (nint)(sequence - First));

    /// <summary>The run of published events from a sequence number on, at most <paramref name="maxCount"/> long; empty at a hole.</summary>
    /// <remarks>Ordering: marks are scanned with plain loads, and the read barrier after them makes the values visible.</remarks>
    internal ReadOnlyMemory<T> PublishedFrom(long sequence, int maxCount)
    {
        int index = (int)(sequence - First);
        ReadOnlySpan<byte> marks = _marks.AsSpan(index, Math.Min(maxCount, _marks.Length - index));
        int hole = marks.IndexOf((byte)0);
        Volatile.ReadBarrier();
        return new ReadOnlyMemory<T>(_items, index, hole < 0 ? marks.Length : hole);
    }

    /// <summary>Notes that a caller may keep a part of the items. Called by the holder of a lease.</summary>
    internal void HandOut() => _isHandedOut = true; // plain: see the field

    /// <summary>Appends <paramref name="next"/> unless another was first; returns the segment that follows, or <see cref="Cut"/>.</summary>
    /// <remarks>Ordering: the CAS publishes the new segment; it pairs with <see cref="Next"/>. Lock-free.</remarks>
    internal Segment<T> Link(Segment<T> next) => Interlocked.CompareExchange(ref _next, next, null) ?? next;

    /// <summary>Takes a lease where another lease, here or on an older segment, is known to be held.</summary>
    internal void Enter()
    {
        int leases = Interlocked.Increment(ref _leases);
        Debug.Assert(leases > 0, "A segment after a leased one is never closed.");
    }

    /// <summary>Takes a lease unless the segment is closed already.</summary>
    internal bool TryEnter()
    {
        int leases = Volatile.Read(ref _leases);
        while (leases >= 0)
        {
            int seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases)
            {
                return true;
            }

            leases = seen;
        }

        return false;
    }

    /// <summary>Gives a lease back; true when it was the last one.</summary>
    internal bool Leave()
    {
        int leases = Interlocked.Decrement(ref _leases);
        Debug.Assert(leases >= 0, "Every lease is given back once.");
        return leases == 0;
    }

    /// <summary>Closes the segment if no lease is held on it and it has no hole; true for exactly one caller.</summary>
    /// <remarks>Marks are never taken back, so a full segment stays full between the look and the CAS.</remarks>
    internal bool TryClose() =>
        Volatile.Read(ref _leases) == 0
        && !_marks.AsSpan().Contains((byte)0)
        && Interlocked.CompareExchange(ref _leases, Closed, 0) == 0;

    /// <summary>Lets go of what the events refer to. By the thread that closed the segment, where a later one may take the arrays over: no
    /// thread reads them any more.</summary>
    internal void Forget()
    {
        Debug.Assert(Volatile.Read(ref _leases) < 0, "Only a closed segment forgets its events.");
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            Array.Clear(_items);
        }

        if (_traces is not null)
        {
            Array.Clear(_traces);
        }
    }

    /// <summary>Cuts the link of a closed segment. Ordering: a release store; pairs with <see cref="Next"/>.</summary>
    internal void CutLink() => Volatile.Write(ref _next, Cut);
}
