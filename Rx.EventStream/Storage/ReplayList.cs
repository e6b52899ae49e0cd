namespace Rx.Storage;

/// <summary>The events that bounded cursors still replay, and which a log's window keeps for them.</summary>
/// <remarks>
/// A replay is kept from the segment that the cursor has reached. It is kept until the cursor has passed it, is closed, or has lagged too far by
/// what was published since: then it never reads its replay, so a cursor that stands still keeps no more than its bound. Replays that begin
/// and end alike share a group.
/// <para>The groups are under a lock. A publisher does not wait for it: it asks again when it moves the window the next time.</para>
/// </remarks>
internal sealed class ReplayList
{
    private readonly UninterruptibleLock _gate = new();

    /// <summary>The groups by their first event, and then by their end. Under the lock.</summary>
    private readonly SortedDictionary<(long First, long Until), Group> _groups = [];

    /// <summary>The group with the oldest event, of several the one that is over first; or null. Written under the lock with release, read with acquire by
    /// the thread that moves the window, and by any thread for a figure.</summary>
    private Group? _oldest;

    /// <summary>Replays that begin at one event, and are kept until the same sequence number was published.</summary>
    internal sealed class Group(long first, long until)
    {
        /// <summary>How many there are. Under the lock.</summary>
        internal int Count;

        internal long First => first;

        internal long Until => until;
    }

    internal void Add(LagLimit limit, long first)
    {
        using (_gate.Enter())
        {
            AddLocked(limit, first);
            FindOldestLocked();
        }
    }

    /// <summary>Keeps a replay only from here on; does nothing if it is not in the list any more.</summary>
    internal void Move(LagLimit limit, long first)
    {
        using (_gate.Enter())
        {
            if (limit.Replay is { } group && group.First != first)
            {
                RemoveLocked(limit, group);
                AddLocked(limit, first);
                FindOldestLocked();
            }
        }
    }

    /// <summary>Takes a replay out; does nothing if it is not in the list any more.</summary>
    internal void Remove(LagLimit limit)
    {
        using (_gate.Enter())
        {
            if (limit.Replay is { } group)
            {
                RemoveLocked(limit, group);
                FindOldestLocked();
            }
        }
    }

    /// <summary>The sequence number of the first event to keep, or the greatest number there is if there is no replay.</summary>
    /// <param name="next">The sequence number of the next event to be published.</param>
    internal long KeptFrom(long next)
    {
        Group? oldest = Volatile.Read(ref _oldest);
        if (oldest is not null && next > oldest.Until && _gate.TryEnter())
        {
            while ((oldest = _oldest) is not null && next > oldest.Until)
            {
                DropLocked(oldest);
                FindOldestLocked();
            }

            _gate.Exit();
        }

        return oldest?.First ?? long.MaxValue;
    }

    /// <summary>Whether a replay is kept, though it may be over: then it is taken out the next time that the window moves. For any thread, for a
    /// figure.</summary>
    internal bool Keeps(Group group, long next) => next <= group.Until || Volatile.Read(ref _oldest) == group;

    private void AddLocked(LagLimit limit, long first)
    {
        long until = limit.ReplayEnd + limit.Bound;
        if (!_groups.TryGetValue((first, until), out Group? group))
        {
            group = new Group(first, until);
            _groups.Add((first, until), group);
        }

        group.Count++;
        limit.Replay = group;
    }

    private void RemoveLocked(LagLimit limit, Group group)
    {
        limit.Replay = null;
        if (--group.Count == 0)
        {
            DropLocked(group);
        }
    }

    private void DropLocked(Group group)
    {
        // A group that was dropped may have a successor with the same begin and end.
        if (_groups.GetValueOrDefault((group.First, group.Until)) == group)
        {
            _groups.Remove((group.First, group.Until));
        }
    }

    private void FindOldestLocked() => Volatile.Write(ref _oldest, _groups.Count == 0 ? null : _groups.First().Value);
}
