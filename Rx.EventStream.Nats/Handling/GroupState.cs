using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Rx.Nats.Handling;

/// <summary>What the instances of a partitioned handler agree on: one document under one key, which every change replaces by compare-and-set.</summary>
/// <param name="Start">The sequence number at which partitions without a checkpoint start.</param>
/// <param name="Members">The instances that are alive, each with a number that grows with every sign of life.</param>
/// <param name="Owners">The owner of each partition, or null.</param>
/// <remarks>
/// Only <see cref="Next"/> changes it. These rules keep each partition with one owner, and divide the partitions evenly:
/// <list type="number">
/// <item>An owner is a member. When a member expires, its partitions become free in the same write.</item>
/// <item>A member takes only free partitions, and only as many as its share.</item>
/// <item>A member that has more than its share gives the excess back after its calls for them have returned.</item>
/// </list>
/// <para><b>Concurrency.</b> Immutable.</para>
/// </remarks>
internal sealed record GroupState(long Start, ImmutableSortedDictionary<string, long> Members, ImmutableArray<string?> Owners)
{
    [JsonIgnore]
    internal int Count => Owners.Length;

    internal static GroupState Create(long start, int count) =>
        new(start, ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal), ImmutableArray.Create(new string?[count]));

    /// <summary>The partitions of a member.</summary>
    internal IEnumerable<int> OwnedBy(string member) => Enumerable.Range(0, Count).Where(partition => Owners[partition] == member);

    /// <summary>The partitions that a member has beyond its share, and must give back.</summary>
    internal IEnumerable<int> ExcessOf(string member) => OwnedBy(member).Skip(ShareOf(member));

    /// <summary>How many partitions a member is entitled to. The shares of all members add up to the number of partitions.</summary>
    internal int ShareOf(string member)
    {
        int rank = Members.Keys.TakeWhile(other => other != member).Count();
        Debug.Assert(rank < Members.Count, "Only members have a share.");
        return (Count / Members.Count) + (rank < Count % Members.Count ? 1 : 0);
    }

    /// <summary>The document after a sign of life of a member, which may be new.</summary>
    /// <param name="member">The member that writes the document.</param>
    /// <param name="beat">The number of the sign of life.</param>
    /// <param name="expired">The other members that have expired.</param>
    /// <param name="held">The partitions for which the member may still have calls that run.</param>
    internal GroupState Next(string member, long beat, IEnumerable<string> expired, IReadOnlySet<int> held)
    {
        GroupState next = (this with { Members = Members.RemoveRange(expired).SetItem(member, beat) }).WithoutStrangers();
        int[] returned = [.. next.ExcessOf(member).Where(partition => !held.Contains(partition))];
        next = next.WithOwner(returned, null);
        int room = Math.Max(0, next.ShareOf(member) - next.OwnedBy(member).Count());
        return next.WithOwner([.. Enumerable.Range(0, Count).Where(partition => next.Owners[partition] is null && !held.Contains(partition)).Take(room)], member);
    }

    /// <summary>The document after a member has left. None of its calls may run.</summary>
    internal GroupState Without(string member) => (this with { Members = Members.Remove(member) }).WithoutStrangers();

    private GroupState WithoutStrangers() => this with { Owners = [.. Owners.Select(owner => owner is not null && Members.ContainsKey(owner) ? owner : null)] };

    private GroupState WithOwner(int[] partitions, string? owner)
    {
        ImmutableArray<string?>.Builder owners = Owners.ToBuilder();
        foreach (int partition in partitions)
        {
            owners[partition] = owner;
        }

        return this with { Owners = owners.MoveToImmutable() };
    }
}
