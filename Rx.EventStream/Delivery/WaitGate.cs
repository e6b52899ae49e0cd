using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Keeps publishers from running further ahead than the subscribers with <see cref="LagPolicy.Wait"/> allow.</summary>
/// <remarks>
/// Claims stay below a limit: the least, over those subscribers, of where one stands plus its capacity. The limit is computed
/// only when the one computed before is reached, so publishing costs one comparison as long as there is room.
/// </remarks>
internal sealed class WaitGate<T>
{
    private readonly EventLog<T> _log;
    private readonly Lock _gate = new();

    /// <summary>Whether the delivery is over that was on, on a publishing thread, when the gate was opened; null if there was none.
    /// Set before <see cref="_isOpened"/>; cleared by whoever finds it over.</summary>
    private Func<bool>? _isDeliveryOver;

    /// <summary>Whether it is known what was going on when the gate was opened. Written with release, read with acquire.</summary>
    private bool _isOpened;

    /// <summary>The members; the array is replaced under the lock and read with acquire.</summary>
    private Member[] _members = [];

    /// <summary>A limit that was right once. Limits grow, except when a member joins, which resets it to 0. Written by
    /// whoever computed it, by CAS, so that a late one cannot hide a join; read with acquire.</summary>
    private long _limit = long.MaxValue;

    internal WaitGate(EventLog<T> log) => _log = log;

    /// <summary>Begins to hold publishers back: at once, or when a delivery is over that began without the gate. From inside that
    /// one an observer may publish, and it could not be told that it would wait for itself.</summary>
    /// <param name="watchDelivery">Tells when the delivery is over that is on now; null if there is none.</param>
    /// <remarks>Called by everyone who is about to be a member, once publishers have to ask; the first one counts.</remarks>
    internal void Open(Func<Func<bool>?> watchDelivery)
    {
        lock (_gate)
        {
            if (!_isOpened)
            {
                _isDeliveryOver = watchDelivery();
                Volatile.Write(ref _isOpened, true);
            }
        }
    }

    private bool HoldsBack()
    {
        if (!Volatile.Read(ref _isOpened) || _isDeliveryOver?.Invoke() == false)
        {
            return false;
        }

        _isDeliveryOver = null; // over for good; deliveries that begin later know the gate
        return true;
    }

    /// <summary>Where a member stands, and how far ahead of it publishers may be.</summary>
    internal sealed class Member(Func<long> sequence, int capacity)
    {
        internal int Capacity => capacity;

        internal long Limit => sequence() + capacity;
    }

    internal void Add(Member member)
    {
        lock (_gate)
        {
            Volatile.Write(ref _members, [.. _members, member]);
            Interlocked.Exchange(ref _limit, 0);
        }
    }

    /// <summary>Takes a member out; publishers who wait for it go on at once.</summary>
    internal void Remove(Member member)
    {
        lock (_gate)
        {
            Volatile.Write(ref _members, [.. _members.Where(m => m != member)]);
            Interlocked.Exchange(ref _limit, 0);
        }

        _log.TellProgress();
    }

    /// <summary>Whether a run of <paramref name="count"/> events may be claimed on top of those claimed so far.</summary>
    internal bool HasRoom(long claimed, int count)
    {
        long limit = Volatile.Read(ref _limit);
        if (claimed + count <= limit || !HoldsBack())
        {
            return true;
        }

        Member[] members = Volatile.Read(ref _members);
        long least = long.MaxValue;
        bool hasRoom = true;
        foreach (Member member in members)
        {
            long its = member.Limit;
            least = Math.Min(least, its);
            // A run longer than the capacity goes when the subscriber has nothing else to read.
            hasRoom &= claimed + Math.Min(count, member.Capacity) <= its;
        }

        // Publishes nothing; a join since the members were read must not be hidden by what they allowed.
        if (Interlocked.CompareExchange(ref _limit, least, limit) == limit && Volatile.Read(ref _members) != members)
        {
            Interlocked.Exchange(ref _limit, 0);
        }

        return hasRoom;
    }
}
