using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Cluster;

/// <summary>Tests which members count as absent, with simulated times.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PresenceTrackerTests
{
    private const string Here = "here";
    private const string There = "there";

    /// <summary>The seconds from this server's heartbeat to the other server's heartbeat.</summary>
    private static readonly double[] _phases = [0.01, 0.5, 0.99];

    [Test]
    public void GetAbsent_BothServersSendHeartbeats_None([ValueSource(nameof(_phases))] double phase)
    {
        PresenceTracker tracker = Room();

        Assert.That(Run(tracker, from: 0, to: 30, phase), Is.Empty);
    }

    [Test]
    public void GetAbsent_OtherServerSilent_ItsMembersAfterTimeout([ValueSource(nameof(_phases))] double phase)
    {
        PresenceTracker tracker = Room();
        Run(tracker, from: 0, to: 10, phase);

        double last = 9 + phase;
        (double At, string Name)[] absent = Run(tracker, from: 10, to: 20, phase, isOtherSilent: true);

        Assert.That(absent.Select(a => a.Name).Distinct(), Is.EqualTo(new[] { "User 2" }));
        Assert.That(absent[0].At, Is.InRange(last + 5, last + 6.1));
    }

    /// <summary>The last heartbeat of the other server came before that of this server, so at first only the other server seems silent.</summary>
    [Test]
    public void GetAbsent_ThisServerCutOff_NoneThenOrLater(
        [ValueSource(nameof(_phases))] double phase, [Values(0.3, 2.3, 4.8, 5.5, 60)] double length)
    {
        PresenceTracker tracker = Room();
        Run(tracker, from: 0, to: 10, phase);
        tracker.OnHeartbeat(Here, Seconds(10)); // the other server's heartbeat is no longer received

        (double, string)[] during = Run(tracker, from: 10.1, to: 10.1 + length, phase, isOtherSilent: true, isCutOff: true);
        tracker.OnHeartbeat(Here, Seconds(10.1 + length)); // this server receives its own heartbeat first
        (double, string)[] after = Run(tracker, from: 10.1 + length, to: 40 + length, phase);

        Assert.That(during, Is.Empty);
        Assert.That(after, Is.Empty);
    }

    [Test]
    public void GetAbsent_LeftThisServerUnreported_AfterTimeout()
    {
        PresenceTracker tracker = Room();
        tracker.Remove("User 1");

        (double At, string Name)[] absent = Run(tracker, from: 0, to: 10, 0.5);

        Assert.That(absent.Select(a => a.Name).Distinct(), Is.EqualTo(new[] { "User 1" }));
        Assert.That(absent[0].At, Is.InRange(5, 6.1));
    }

    [Test]
    public void GetAbsent_JoinedAtUnknownServer_AfterTimeout()
    {
        PresenceTracker tracker = Room();
        Run(tracker, from: 0, to: 10, 0.5);
        tracker.OnEvent(new Event { What = What.Join, Who = "User 3" }, "elsewhere", Seconds(10));

        (double At, string Name)[] absent = Run(tracker, from: 10, to: 20, 0.5);

        Assert.That(absent.Select(a => a.Name).Distinct(), Is.EqualTo(new[] { "User 3" }));
        Assert.That(absent[0].At, Is.InRange(15, 16.1));
    }

    [Test]
    public void GetAbsent_LeaveEventInLog_None()
    {
        PresenceTracker tracker = Room();
        tracker.Remove("User 1");
        tracker.OnEvent(new Event { What = What.Leave, Who = "User 1" }, Here, Seconds(0));

        Assert.That(Run(tracker, from: 0, to: 10, 0.5), Is.Empty);
    }

    /// <summary>A room with one member at this server and one at the other.</summary>
    private static PresenceTracker Room()
    {
        var tracker = new PresenceTracker(Here);
        tracker.OnEvent(new Event { What = What.Join, Who = "User 1" }, Here, Seconds(0));
        tracker.OnEvent(new Event { What = What.Join, Who = "User 2" }, There, Seconds(0));
        tracker.Add("User 1");
        return tracker;
    }

    /// <summary>Simulates time in which each server sends a heartbeat per second. Returns the absent members with their times.</summary>
    private static (double At, string Name)[] Run(
        PresenceTracker tracker, double from, double to, double phase, bool isOtherSilent = false, bool isCutOff = false)
    {
        List<(double, string)> absent = [];
        int last = (int)Math.Round(to * 100);
        for (int hundredth = (int)Math.Round(from * 100); hundredth < last; hundredth++)
        {
            double now = hundredth / 100.0;
            if (hundredth % 100 == 0 && !isCutOff)
            {
                tracker.OnHeartbeat(Here, Seconds(now));
            }

            if (hundredth % 100 == (int)Math.Round(phase * 100) && !isOtherSilent)
            {
                tracker.OnHeartbeat(There, Seconds(now));
            }

            absent.AddRange(tracker.GetAbsent().Select(name => (now, name)));
        }

        return [.. absent];
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(1_000 + seconds);
}
