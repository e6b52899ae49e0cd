using Rx.Storage;

namespace Rx.Parking;

/// <summary>Keeps publishers from running further ahead than the subscribers with <see cref="LagPolicy.Wait"/> allow.</summary>
/// <remarks>
/// Claims stay below a limit: the smallest sum of position and capacity of these subscribers. The limit is computed
/// only when the one computed before is reached, so publishing costs one comparison as long as there is room.
/// </remarks>
internal sealed class WaitGate
{
    private readonly UninterruptibleLock _gate = new();

    /// <summary>The members with their limit. Replaced under the lock with release, read with acquire.</summary>
    private Membership _members = new([]);

    /// <summary>Where a member stands, and how far ahead of it publishers may be.</summary>
    /// <param name="sequence">Gives the sequence number of the next event that the member consumes.</param>
    /// <param name="replayEnd">The first sequence number that is not replay: publishers do not wait for a replay.</param>
    /// <param name="capacity">How far ahead publishers may be.</param>
    /// <param name="needs">Whether the member cannot consume anything before a thread returns from what it does; null for one that never
    /// needs a thread.</param>
    internal sealed class Member(Func<long> sequence, long replayEnd, int capacity, Func<CallingThread, bool>? needs = null)
    {
        /// <summary>Whether a run may be claimed. A run longer than the capacity may be claimed when the
        /// subscriber has read everything before it.</summary>
        /// <param name="claimed">How many events are claimed so far.</param>
        /// <param name="count">The length of the run.</param>
        /// <param name="limit">How many events may be claimed at most.</param>
        internal bool HasRoom(long claimed, int count, out long limit)
        {
            limit = Math.Max(sequence(), replayEnd) + capacity;
            return claimed + Math.Min(count, capacity) <= limit;
        }

        /// <summary>Whether it ever needs the thread of a publisher, and has no room for a run.</summary>
        internal bool MayBeHeld(long claimed, int count) => needs is not null && !HasRoom(claimed, count, out _);

        /// <summary>Whether it can consume nothing before this thread returns.</summary>
        internal bool Needs(CallingThread thread) => needs is not null && needs(thread);
    }

    internal void Add(Member member)
    {
        using (_gate.Enter())
        {
            Volatile.Write(ref _members, new([.. _members.All, member]));
        }
    }

    /// <summary>Takes a member out. The caller then notifies the publishers that wait.</summary>
    internal void Remove(Member member)
    {
        using (_gate.Enter())
        {
            Volatile.Write(ref _members, new([.. _members.All.Where(m => m != member)]));
        }
    }

    /// <summary>Whether a run of <paramref name="count"/> events may be claimed on top of those claimed so far.</summary>
    internal bool HasRoom(long claimed, int count) => Volatile.Read(ref _members).HasRoom(claimed, count);

    /// <summary>Which members have no room for a run, and may need the thread of a publisher to make some.</summary>
    internal Member[] MayBeHeld(long claimed, int count) =>
        Array.FindAll(Volatile.Read(ref _members).All, member => member.MayBeHeld(claimed, count));

    /// <summary>Whether a member can consume nothing before this thread returns.</summary>
    internal bool Needs(CallingThread thread) => Array.Exists(Volatile.Read(ref _members).All, member => member.Needs(thread));

    /// <summary>The members at one time, with a limit that belongs to them alone, so that a limit computed from others is never taken for
    /// theirs.</summary>
    private sealed class Membership(Member[] all)
    {
        /// <summary>A limit that was right once: it holds, since members only move forward. Written by publishers with release, read with
        /// acquire.</summary>
        private long _limit = all.Length == 0 ? long.MaxValue : 0;

        /// <summary>The member that had no room when the last publisher looked. Any publisher writes it with release, and reads it with
        /// acquire.</summary>
        private int _full;

        internal Member[] All => all;

        internal bool HasRoom(long claimed, int count)
        {
            if (claimed + count <= Volatile.Read(ref _limit))
            {
                return true;
            }

            // From the member that was full: while it is, the others need not be asked, however often one of them moves.
            long least = long.MaxValue;
            int index = Volatile.Read(ref _full);
            for (int asked = 0; asked < all.Length; asked++)
            {
                if (!all[index].HasRoom(claimed, count, out long limit))
                {
                    Volatile.Write(ref _full, index);
                    return false;
                }

                least = Math.Min(least, limit);
                index = index + 1 == all.Length ? 0 : index + 1;
            }

            Volatile.Write(ref _limit, least);
            return true;
        }
    }
}
