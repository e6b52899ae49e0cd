using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>How many sequence numbers a log has given out, and whether a thread drains the delivery on the publishing thread, in one word;
/// and which thread that is.</summary>
/// <remarks>
/// <code>
///            TryOpen            TryClaimAndDrain, ClaimAndTryDrain, TryDrain
///   Closed -----------> Idle -----------------------------------------------> Draining  --HandOver, TakeOver--> Draining, by another thread
///      ^                  ^                                                     | |
///      |                  +--------- Release, Leave, TryRelease ----------------+ |
///      +----------------------------------- TryClose -----------------------------+
///
///   Draining --Offer--> Draining, Offered       any of these --TryEnd--> the same, ended
/// </code>
/// In one word, so that claiming and becoming the drainer is one CAS. Only the drainer changes <c>Draining</c> and <c>Offered</c>, which
/// have a byte of their own: so it can leave with a release store of that byte while others claim. A single writer uses the count alone, without an
/// interlocked operation.
/// <para>The drainer notes its thread, and clears the note before it leaves. So a thread that finds its own note is the drainer, and one
/// that does not find it is not, however late it sees what other threads store.</para>
/// <para><see cref="Release"/>, <see cref="HandOver"/> and a single writer's claim are release stores. Every other transition is an
/// interlocked operation, a full fence. A mutable struct: always used in place.</para>
/// </remarks>
internal struct ClaimWord
{
    private const long Offered = 1L << 57;
    private const long Draining = 1L << 56;
    private const long Open = 1L << 55;
    private const long Ended = 1L << 54;
    private const long CountMask = Ended - 1;

    /// <summary>The byte of <c>Draining</c> and <c>Offered</c>.</summary>
    private const int DrainByte = 7;

    private long _word;

    /// <summary>The managed id of the drainer's thread, or 0. Written by the drainer; read by any thread.</summary>
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

        /// <summary>Whether the drainer has had its share, and offers the delivery to the next publisher.</summary>
        internal bool IsOffered => (Word & Offered) != 0;

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

    /// <summary>Whether the current thread is the drainer.</summary>
    internal readonly bool IsDrainedByCurrentThread => DrainerThread == Environment.CurrentManagedThreadId;

    /// <summary>The managed id of the drainer's thread; 0 if none drains, or it has not noted itself yet.</summary>
    internal readonly int DrainerThread => Volatile.Read(in _drainer);

    /// <summary>Claims <paramref name="sequence"/> and becomes the drainer, if it is the next one, and the delivery is idle and not
    /// ended.</summary>
    /// <remarks>Compared is the sum, which stays in its register: the expected value would go to the stack and back, and the interlocked
    /// operation would wait for that. It is a tenth of what publishing to one observer costs.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryClaimAndDrain(long sequence)
    {
        const long Step = 1 + Draining;
        long idle = sequence + Open;
        long sum = idle + Step;
        if (Interlocked.CompareExchange(ref _word, sum, idle) + Step != sum)
        {
            return false;
        }

        NoteDrainer();
        return true;
    }

    /// <summary>Claims one sequence number, and becomes the drainer with the same CAS if the delivery is idle.</summary>
    /// <returns>The word as it was.</returns>
    internal Snapshot ClaimAndTryDrain(out bool isDrainer)
    {
        Snapshot seen = Read();
        while (seen.IsIdle)
        {
            if (TryExchange(ref seen, (seen.Word + 1) | Draining))
            {
                NoteDrainer();
                isDrainer = true;
                return seen;
            }
        }

        // While another thread drains there is nothing to take over, and a claim by addition misses no change: see
        // MultiWriterDelivery.Deliver.
        isDrainer = false;
        return Claim(1);
    }

    /// <summary>Becomes the drainer of an idle delivery.</summary>
    internal bool TryDrain()
    {
        Snapshot seen = Read();
        while (seen.IsIdle)
        {
            if (TryExchange(ref seen, seen.Word | Draining))
            {
                NoteDrainer();
                return true;
            }
        }

        return false;
    }

    /// <summary>Leaves as the drainer. The caller then looks whether more was published, as <see cref="PublishFlags.Contended"/>
    /// describes.</summary>
    /// <remarks>A release store of the drainer's byte, and no fence. Publishes the delivery's fields; pairs with the next drainer's
    /// CAS.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Release()
    {
        Volatile.Write(ref _drainer, 0);
        ref byte bytes = ref Unsafe.As<long, byte>(ref _word);
        Volatile.Write(ref Unsafe.Add(ref bytes, BitConverter.IsLittleEndian ? DrainByte : sizeof(long) - 1 - DrainByte), 0);
    }

    /// <summary>Leaves as the drainer that has offered nothing; returns the word as it is then.</summary>
    /// <remarks>An interlocked operation costs less than <see cref="Release"/> and a fence, which would also have to read the word
    /// again.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Snapshot Leave()
    {
        Volatile.Write(ref _drainer, 0);
        return new(Interlocked.Add(ref _word, -Draining));
    }

    /// <summary>Leaves as the drainer, if nothing has changed since <paramref name="seen"/>.</summary>
    internal bool TryRelease(Snapshot seen) => TryLeave(seen, seen.Word & ~(Draining | Offered));

    /// <summary>Offers the delivery, as the drainer, to the next publisher that claims.</summary>
    internal void Offer() => Interlocked.Or(ref _word, Offered);

    /// <summary>Stops being the drainer without leaving: another thread is told to <see cref="TakeOver"/>.</summary>
    internal void HandOver() => Volatile.Write(ref _drainer, 0);

    /// <summary>Becomes the drainer to which the delivery was handed over; or stays the drainer if no thread took it.</summary>
    internal void TakeOver()
    {
        NoteDrainer();
        Interlocked.And(ref _word, ~Offered);
    }

    /// <summary>Opens the delivery, if nothing has changed since <paramref name="seen"/>; if not, updates it. Publishes the delivery's
    /// cursor; pairs with the first drainer's CAS.</summary>
    internal bool TryOpen(ref Snapshot seen) => TryExchange(ref seen, seen.Word | Open);

    /// <summary>Closes the delivery as the drainer that has delivered everything before <paramref name="sequence"/>, if no more was claimed
    /// and the log has not ended.</summary>
    internal bool TryClose(long sequence)
    {
        Snapshot seen = Read();
        return seen.Count == sequence && !seen.IsEnded && TryLeave(seen, sequence);
    }

    /// <summary>Claims the terminal event's sequence number, if nothing has changed since <paramref name="seen"/>; if not, updates it.
    /// Publishes the last place to join; pairs with <see cref="Read"/>.</summary>
    internal bool TryEnd(ref Snapshot seen) => TryExchange(ref seen, (seen.Word + 1) | Ended);

    /// <summary>Notes the current thread, which is the drainer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteDrainer() => Volatile.Write(ref _drainer, Environment.CurrentManagedThreadId);

    private bool TryLeave(Snapshot seen, long word)
    {
        Volatile.Write(ref _drainer, 0);
        if (TryExchange(ref seen, word))
        {
            return true;
        }

        NoteDrainer();
        return false;
    }

    private bool TryExchange(ref Snapshot seen, long word)
    {
        long found = Interlocked.CompareExchange(ref _word, word, seen.Word);
        bool isExchanged = found == seen.Word;
        seen = new Snapshot(found);
        return isExchanged;
    }
}
