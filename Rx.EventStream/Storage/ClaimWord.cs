using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>How many sequence numbers a log has given out, and whether a thread drains the delivery on the publishing thread, in one word;
/// and which thread that is.</summary>
/// <remarks>
/// <code>
///            TryOpen            TryClaimAndDrain, ClaimAndTryDrain, TryDrain
///   Closed -----------> Idle -----------------------------------------------> Draining
///      ^                  ^                                                     | |
///      |                  +---------------- TryRelease -------------------------+ |
///      +----------------------------------- TryClose -----------------------------+
///
///   any of these --> the same, ended:  TryEnd        ended, Draining --> ended, Idle:  ReleaseEnded
/// </code>
/// In one word, so that claiming and becoming the drainer is one CAS, and so that the drainer can leave only if nothing was claimed in
/// between. Only the thread that made the state <c>Draining</c> may leave it. A single writer uses the count alone, without an interlocked
/// operation.
/// <para>Draining is Known if the drainer notes its thread. On the fast path it does not: that would take as long as a fifth of the whole
/// call. A Known drainer clears its note before it leaves, so a thread that finds its own note is the drainer. The note of another thread,
/// seen late or not at all, is not its own either way.</para>
/// <para>Every transition is an interlocked operation, a full fence. A mutable struct: always used in place.</para>
/// </remarks>
internal struct ClaimWord
{
    private const long Known = 1L << 58;
    private const long Draining = 1L << 57;
    private const long Open = 1L << 56;
    private const long Ended = 1L << 55;
    private const long CountMask = Ended - 1;

    private long _word;

    /// <summary>The managed id of the drainer's thread, or 0. Written by the drainer; read by any thread, which looks for its
    /// own.</summary>
    private int _drainer;

    /// <summary>The word at one moment.</summary>
    internal readonly struct Snapshot(long word)
    {
        internal readonly long Word = word;

        /// <summary>How many sequence numbers were given out; after the end this counts claims that came too late.</summary>
        internal long Count => Word & CountMask;

        /// <summary>Whether there is a delivery on the publishing thread.</summary>
        internal bool IsOpen => (Word & Open) != 0;

        /// <summary>Whether a thread drains it.</summary>
        internal bool IsDraining => (Word & Draining) != 0;

        /// <summary>Whether its drainer began on the fast path; it may have noted itself since.</summary>
        internal bool HasUnknownDrainer => (Word & (Draining | Known)) == Draining;

        /// <summary>Whether the terminal event has claimed its sequence number.</summary>
        internal bool IsEnded => (Word & Ended) != 0;

        internal bool IsIdle => (Word & (Open | Draining)) == Open;
    }

    /// <summary>Reads the word with acquire: pairs with every transition.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly Snapshot Read() => new(Volatile.Read(in _word));

    /// <summary>The count, for the single writer, which alone changes it until the log has ended.</summary>
    internal readonly long CountOwned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _word; // plain: only this thread writes it, and it sets no flag
    }

    /// <summary>Claims for the single writer. Publishes nothing but the count, by a release store; pairs with <see cref="Read"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long ClaimOwned(int count)
    {
        long word = _word; // plain: only this thread writes it
        Volatile.Write(ref _word, word + count);
        return word & CountMask;
    }

    /// <summary>Claims among several writers; returns the word as it was.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Snapshot Claim(int count) => new(Interlocked.Add(ref _word, count) - count);

    /// <summary>Claims if nothing has changed since <paramref name="seen"/>; if not, updates it.</summary>
    internal bool TryClaim(ref Snapshot seen, int count) => TryExchange(ref seen, seen.Word + count);

    /// <summary>Claims <paramref name="sequence"/> and becomes the drainer, if it is the next one, and the delivery is idle and not
    /// ended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryClaimAndDrain(long sequence) => TryAdd(sequence + Open, 1 + Draining);

    /// <summary>Whether the current thread is the drainer, and Known.</summary>
    internal readonly bool IsDrainedByCurrentThread => Volatile.Read(in _drainer) == Environment.CurrentManagedThreadId;

    /// <summary>Notes the current thread, which is the drainer.</summary>
    internal void NoteDrainer() => Volatile.Write(ref _drainer, Environment.CurrentManagedThreadId);

    /// <summary>Claims one sequence number, and becomes the drainer with the same CAS if the delivery is idle.</summary>
    /// <returns>The word as it was.</returns>
    internal Snapshot ClaimAndTryDrain(out bool isDrainer)
    {
        Snapshot seen = Read();
        while (seen.IsIdle)
        {
            if (TryExchange(ref seen, (seen.Word + 1) | Draining | Known))
            {
                isDrainer = true;
                return seen;
            }
        }

        // While another thread drains there is nothing to take over, and nothing that an addition could miss: see
        // MultiWriterDelivery.TryDrain.
        isDrainer = false;
        return Claim(1);
    }

    /// <summary>Becomes the drainer of an idle delivery.</summary>
    internal bool TryDrain()
    {
        Snapshot seen = Read();
        while (seen.IsIdle)
        {
            if (TryExchange(ref seen, seen.Word | Draining | Known))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Leaves as the drainer of a single event on the fast path, having delivered everything before <paramref name="sequence"/>,
    /// if no more was claimed and the log has not ended. Publishes the delivery's fields; pairs with the next drainer's CAS.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRelease(long sequence) => TryAdd(sequence + Open + Draining, -Draining);

    /// <summary>Leaves as the drainer, if nothing has changed since <paramref name="seen"/>.</summary>
    internal bool TryRelease(Snapshot seen)
    {
        Volatile.Write(ref _drainer, 0);
        if (TryExchange(ref seen, seen.Word & ~(Draining | Known)))
        {
            return true;
        }

        NoteDrainer();
        return false;
    }

    /// <summary>Leaves as the drainer that has delivered the terminal event.</summary>
    internal void ReleaseEnded()
    {
        Volatile.Write(ref _drainer, 0);
        Interlocked.And(ref _word, ~(Draining | Known));
    }

    /// <summary>Opens the delivery, if nothing has changed since <paramref name="seen"/>; if not, updates it. Publishes the delivery's
    /// cursor; pairs with the first drainer's CAS.</summary>
    internal bool TryOpen(ref Snapshot seen) => TryExchange(ref seen, seen.Word | Open);

    /// <summary>Closes the delivery as the drainer that has delivered everything before <paramref name="sequence"/>, if no more was claimed
    /// and the log has not ended.</summary>
    internal bool TryClose(long sequence)
    {
        Snapshot seen = Read();
        Volatile.Write(ref _drainer, 0);
        if (seen.Count == sequence && !seen.IsEnded && TryExchange(ref seen, sequence))
        {
            return true;
        }

        NoteDrainer();
        return false;
    }

    /// <summary>Claims the terminal event's sequence number, if nothing has changed since <paramref name="seen"/>; if not, updates it.
    /// Publishes the last place to join; pairs with <see cref="Read"/>.</summary>
    internal bool TryEnd(ref Snapshot seen) => TryExchange(ref seen, (seen.Word + 1) | Ended);

    private bool TryExchange(ref Snapshot seen, long word)
    {
        long found = Interlocked.CompareExchange(ref _word, word, seen.Word);
        bool isExchanged = found == seen.Word;
        seen = new Snapshot(found);
        return isExchanged;
    }

    /// <summary>Adds to the word if it is as expected.</summary>
    /// <remarks>Compared is the sum, which stays in its register: the expected value would go to the stack and back, and the interlocked
    /// operation would wait for that. It is a tenth of what publishing to one observer costs.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryAdd(long expected, long step)
    {
        long sum = expected + step;
        return Interlocked.CompareExchange(ref _word, sum, expected) + step == sum;
    }
}
