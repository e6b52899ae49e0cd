using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Rx.Nats.Handling;

namespace Rx.Tests.Nats.Handling;

/// <summary>How instances agree on partitions: the document alone, without a server.</summary>
internal sealed class GroupStateTests
{
    private static readonly HashSet<int> _none = [];

    [Test]
    public void Next_FirstMember_TakesAll()
    {
        GroupState state = GroupState.Create(1, 8).Next("a", 1, [], _none);

        Assert.That(state.OwnedBy("a"), Is.EqualTo(Enumerable.Range(0, 8)));
    }

    [Test]
    public void Next_SecondMember_GetsItsShareWhenCallsHaveReturned()
    {
        GroupState state = GroupState.Create(1, 8).Next("a", 1, [], _none).Next("b", 1, [], _none);
        Assert.That(state.OwnedBy("b"), Is.Empty);
        Assert.That(state.ExcessOf("a"), Is.EqualTo([4, 5, 6, 7]));

        state = state.Next("a", 2, [], new HashSet<int> { 4, 5 }); // calls for two of them still run
        Assert.That(state.OwnedBy("a"), Is.EqualTo([0, 1, 2, 3, 4, 5]));
        state = state.Next("b", 2, [], _none);
        Assert.That(state.OwnedBy("b"), Is.EqualTo([6, 7]));
        state = state.Next("a", 3, [], _none).Next("b", 3, [], _none);

        Assert.That(state.OwnedBy("a"), Is.EqualTo([0, 1, 2, 3]));
        Assert.That(state.OwnedBy("b"), Is.EqualTo([4, 5, 6, 7]));
    }

    [Test]
    public void Next_Expired_FreesPartitionsInTheSameWrite()
    {
        GroupState state = Settle(GroupState.Create(1, 8), ["a", "b"]);

        state = state.Next("a", 9, ["b"], _none);

        Assert.That(state.Members.Keys, Is.EqualTo(["a"]));
        Assert.That(state.OwnedBy("a"), Is.EqualTo(Enumerable.Range(0, 8)));
    }

    [Test]
    public void Without_Member_FreesItsPartitions()
    {
        GroupState state = Settle(GroupState.Create(1, 6), ["a", "b", "c"]).Without("b");

        Assert.That(state.Owners.Count(owner => owner is null), Is.EqualTo(2));
        Assert.That(state.Members.Keys, Is.EqualTo(["a", "c"]));
    }

    /// <summary>Any order of signs of life, expiries and held partitions: an owner is a member, shares are kept, and nothing moves without need.</summary>
    [Test]
    public void Next_AnyScript_DividesEvenlyAndMovesLittle() =>
        Gen.Select(Gen.Int[1, 40], Gen.Select(Gen.Int[0, 5], Gen.Int[0, 9], Gen.Int[0, 63]).List[1, 60]).Sample((count, script) =>
        {
            GroupState state = GroupState.Create(1, count);
            long beat = 0;
            foreach ((int member, int action, int heldPartition) in script)
            {
                string name = $"m{member}";
                GroupState before = state;
                string[] expired = action == 0 ? [.. state.Members.Keys.Where(other => other != name).Take(1)] : [];
                HashSet<int> held = action == 1 ? [heldPartition % count] : [];
                state = action == 2 ? state.Without(name) : state.Next(name, ++beat, expired, held);
                for (int partition = 0; partition < count; partition++)
                {
                    string? owner = state.Owners[partition];
                    Check(owner is null || state.Members.ContainsKey(owner), "An owner is a member.");
                    Check(owner == before.Owners[partition] || owner is null || before.Owners[partition] is null || expired.Contains(before.Owners[partition]),
                        "A partition becomes free before it has another owner.");
                    Check(owner == before.Owners[partition] || owner is null || owner == name, "A member takes partitions for itself only.");
                    Check(!held.Contains(partition) || before.Owners[partition] != name || owner == name, "A held partition is not returned.");
                }
            }

            if (state.Members.Count == 0)
            {
                return;
            }

            string[] members = [.. state.Members.Keys];
            state = Settle(state, members);
            Check(state.Owners.All(owner => owner is not null), "No partition stays free.");
            Check(members.All(member => state.OwnedBy(member).Count() == state.ShareOf(member)), "Each member has its share.");
            Check(members.Max(state.ShareOf) - members.Min(state.ShareOf) <= 1, "Shares are even.");
            Check(Settle(state, members).Owners.SequenceEqual(state.Owners), "A settled group stays as it is.");
        });

    [Test]
    public void Expiry_BeatUnchanged_ExpiresAfterLeaseOnly()
    {
        var clock = new FakeTimeProvider();
        var expiry = new Expiry(TimeSpan.FromSeconds(10), clock);
        GroupState state = GroupState.Create(1, 2).Next("a", 1, [], _none).Next("b", 1, [], _none);
        Assert.That(expiry.Look(state, "a"), Is.Empty);

        clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.That(expiry.Look(state, "a"), Is.Empty);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.That(expiry.Look(state, "a"), Is.EqualTo(["b"]), "never itself");
        Assert.That(expiry.Look(state.Next("b", 2, [], _none), "a"), Is.Empty, "a sign of life counts again");
    }

    [Test]
    public void Expiry_WallClockJumps_ChangesNothing()
    {
        var clock = new JumpingClock();
        var expiry = new Expiry(TimeSpan.FromSeconds(10), clock);
        GroupState state = GroupState.Create(1, 2).Next("a", 1, [], _none).Next("b", 1, [], _none);
        expiry.Look(state, "a");

        clock.Jump = TimeSpan.FromDays(1);
        Assert.That(expiry.Look(state, "a"), Is.Empty);
    }

    [TestCase("", 64, 25)]
    [TestCase("order-4711", 64, 21)]
    [TestCase("ä\u4e00", 7, 3)]
    public void Partition_KnownKeys_NeverChange(string key, int count, int partition) => Assert.That(KeyHash.Partition(key, count), Is.EqualTo(partition));

    [Test]
    public void Partition_ManyKeys_SpreadEvenly()
    {
        int[] sizes = new int[64];
        for (int i = 0; i < 64_000; i++)
        {
            sizes[KeyHash.Partition($"customer.{i}", 64)]++;
        }

        Assert.That(sizes, Is.All.InRange(800, 1200));
    }

    private static GroupState Settle(GroupState state, string[] members)
    {
        for (int round = 0; round < 4; round++)
        {
            foreach (string member in members)
            {
                state = state.Next(member, 1000 + round, [], _none);
            }
        }

        return state;
    }

    private static void Check(bool condition, string what)
    {
        if (!condition)
        {
            throw new AssertionException(what);
        }
    }

    /// <summary>A clock whose wall time can be set, while its monotonic time goes on.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        public TimeSpan Jump { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Jump;
    }
}
