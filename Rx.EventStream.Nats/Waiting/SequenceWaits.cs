using System.Diagnostics.CodeAnalysis;

namespace Rx.Nats.Waiting;

/// <summary>How far a reader has come, and the callers that wait until it has reached a sequence number.</summary>
/// <remarks>
/// A number is reached when every event up to and including it has been handled, or passed because it belongs to another subject, was skipped, or is no
/// longer in the stream. The callers are ordered by sequence number. An advance that ends no wait costs one exchange and one look at <see cref="_lowest"/>.
/// <code>
/// P (reader):  reached := n;  full fence;  does a caller wait for n, or less?
/// C (caller):  waits for n;   full fence;  is n reached?
/// </code>
/// With a fence on each side, one of them sees the other. If both do, the lock decides which of them takes the wait from the list. No test fails without
/// C's fence on x64, where leaving the lock is one.
/// <para><b>Concurrency.</b> One thread at a time advances. Any thread waits, and any thread can end the waits.</para>
/// </remarks>
internal sealed class SequenceWaits
{
    private readonly Lock _lock = new();

    /// <summary>Under the lock.</summary>
    private readonly SortedSet<SequenceWait> _waits = [];

    /// <summary>The number of waits so far, which tells two waits for one number apart. Under the lock.</summary>
    private long _count;

    /// <summary>Why no more numbers will be reached, or null. Under the lock.</summary>
    private Exception? _end;

    /// <summary>The sequence number reached. Exchanged by the advancing thread, read with acquire.</summary>
    private long _reached;

    /// <summary>The lowest number that a caller waits for, or the greatest number. Written with release under the lock, read with acquire by the advancing
    /// thread.</summary>
    private long _lowest = long.MaxValue;

    /// <param name="reached">The sequence number that is reached already.</param>
    internal SequenceWaits(long reached)
    {
        _reached = reached;
    }

    /// <summary>The sequence number reached.</summary>
    internal long Reached => Volatile.Read(ref _reached);

    /// <summary>The number of callers that wait, for tests.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _waits.Count;
            }
        }
    }

    /// <summary>Moves to a sequence number, and ends the waits for it and for those before it. A number that is not greater than the one reached does
    /// nothing.</summary>
    /// <remarks>The exchange publishes what was done with the events up to this number. It pairs with the acquire read of <see cref="Reached"/>, and with the
    /// end of a wait, which the same thread causes later.</remarks>
    internal void Advance(long sequence)
    {
        // plain: no other thread writes it at the same time.
        if (sequence <= _reached)
        {
            return;
        }

        Interlocked.Exchange(ref _reached, sequence); // P's fence
        EndReached();
    }

    /// <summary>Adds a wait for a sequence number. It has ended already if the number is reached, or if the waits have ended.</summary>
    internal SequenceWait Add(long sequence)
    {
        SequenceWait wait;
        Exception? end;
        lock (_lock)
        {
            wait = new SequenceWait(this, sequence, _count++);
            end = _end;
            if (end is null)
            {
                _waits.Add(wait);
                NoteLowestLocked();
            }
        }

        Interlocked.MemoryBarrier(); // C's fence
        EndReached();
        if (end is not null)
        {
            if (Reached >= sequence)
            {
                wait.Complete();
            }
            else
            {
                wait.Fail(end);
            }
        }

        return wait;
    }

    /// <summary>Ends all waits with an error, and those added later, except for numbers that are reached. The first call decides the error.</summary>
    internal void End(Exception error)
    {
        lock (_lock)
        {
            error = _end ??= error;
        }

        EndReached();
        while (TryTake(long.MaxValue, out SequenceWait? wait))
        {
            wait.Fail(error);
        }
    }

    /// <summary>Lets a wait end earlier than before. A higher number than before does nothing.</summary>
    internal void Lower(SequenceWait wait, long sequence)
    {
        lock (_lock)
        {
            if (sequence >= wait.Sequence || !_waits.Remove(wait))
            {
                return;
            }

            wait.Sequence = sequence;
            _waits.Add(wait);
            NoteLowestLocked();
        }

        Interlocked.MemoryBarrier(); // C's fence
        EndReached();
    }

    /// <summary>Removes a wait that was given up.</summary>
    internal void Remove(SequenceWait wait)
    {
        lock (_lock)
        {
            _waits.Remove(wait);
            NoteLowestLocked();
        }
    }

    private void EndReached()
    {
        while (Volatile.Read(ref _lowest) <= Reached && TryTake(Reached, out SequenceWait? wait))
        {
            wait.Complete();
        }
    }

    private bool TryTake(long sequence, [NotNullWhen(true)] out SequenceWait? wait)
    {
        lock (_lock)
        {
            wait = _waits.Min is { } first && first.Sequence <= sequence ? first : null;
            if (wait is not null)
            {
                _waits.Remove(wait);
                NoteLowestLocked();
            }

            return wait is not null;
        }
    }

    private void NoteLowestLocked() => Volatile.Write(ref _lowest, _waits.Min?.Sequence ?? long.MaxValue);
}
