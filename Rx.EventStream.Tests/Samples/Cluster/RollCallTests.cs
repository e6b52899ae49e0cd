using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Cluster;

/// <summary>Who is taken for gone, with times made up here.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RollCallTests
{
    private const string Here = "here";
    private const string There = "there";

    /// <summary>The other server beats just behind this one, or almost a beat later.</summary>
    private static readonly double[] _phases = [0.01, 0.5, 0.99];

    [Test]
    public void Absent_BothServersAreHeard_Nobody([ValueSource(nameof(_phases))] double phase)
    {
        RollCall roll = Room();

        Assert.That(Run(roll, from: 0, to: 30, phase), Is.Empty);
    }

    [Test]
    public void Absent_OtherServerSilent_ItsMembersWhenTheBenefitIsOver([ValueSource(nameof(_phases))] double phase)
    {
        RollCall roll = Room();
        Run(roll, from: 0, to: 10, phase);

        double last = 9 + phase;
        (double At, string Who)[] absent = Run(roll, from: 10, to: 20, phase, isOtherSilent: true);

        Assert.That(absent.Select(a => a.Who).Distinct(), Is.EqualTo(new[] { "User 2" }));
        Assert.That(absent[0].At, Is.InRange(last + 5, last + 6.1));
    }

    /// <summary>The other server was heard before this one for the last time: for a moment it alone seems to be silent.</summary>
    [Test]
    public void Absent_CutOff_NobodyNeitherThenNorAfterwards(
        [ValueSource(nameof(_phases))] double phase, [Values(0.3, 2.3, 4.8, 5.5, 60)] double length)
    {
        RollCall roll = Room();
        Run(roll, from: 0, to: 10, phase);
        roll.Hear(Here, Seconds(10)); // the other one's beat is not heard any more

        (double, string)[] meanwhile = Run(roll, from: 10.1, to: 10.1 + length, phase, isOtherSilent: true, isCutOff: true);
        roll.Hear(Here, Seconds(10.1 + length)); // and this one hears itself first
        (double, string)[] afterwards = Run(roll, from: 10.1 + length, to: 40 + length, phase);

        Assert.That(meanwhile, Is.Empty);
        Assert.That(afterwards, Is.Empty);
    }

    [Test]
    public void Absent_HasLeftThisServerUnsaid_WhenTheBenefitIsOver()
    {
        RollCall roll = Room();
        roll.Remove("User 1");

        (double At, string Who)[] absent = Run(roll, from: 0, to: 10, 0.5);

        Assert.That(absent.Select(a => a.Who).Distinct(), Is.EqualTo(new[] { "User 1" }));
        Assert.That(absent[0].At, Is.InRange(5, 6.1));
    }

    [Test]
    public void Absent_JoinedAtAServerNotYetHeard_NotBeforeTheBenefitIsOver()
    {
        RollCall roll = Room();
        Run(roll, from: 0, to: 10, 0.5);
        roll.See(new Event { What = What.Join, Who = "User 3" }, "elsewhere", Seconds(10));

        (double At, string Who)[] absent = Run(roll, from: 10, to: 20, 0.5);

        Assert.That(absent.Select(a => a.Who).Distinct(), Is.EqualTo(new[] { "User 3" }));
        Assert.That(absent[0].At, Is.InRange(15, 16.1));
    }

    [Test]
    public void Absent_LeftInTheLog_NotThem()
    {
        RollCall roll = Room();
        roll.Remove("User 1");
        roll.See(new Event { What = What.Leave, Who = "User 1" }, Here, Seconds(0));

        Assert.That(Run(roll, from: 0, to: 10, 0.5), Is.Empty);
    }

    /// <summary>A room with somebody at this server and somebody at another.</summary>
    private static RollCall Room()
    {
        var roll = new RollCall(Here);
        roll.See(new Event { What = What.Join, Who = "User 1" }, Here, Seconds(0));
        roll.See(new Event { What = What.Join, Who = "User 2" }, There, Seconds(0));
        roll.Add("User 1");
        return roll;
    }

    /// <summary>Lets time pass, in which the servers beat once a second; returns who was absent when.</summary>
    private static (double At, string Who)[] Run(
        RollCall roll, double from, double to, double phase, bool isOtherSilent = false, bool isCutOff = false)
    {
        List<(double, string)> absent = [];
        int last = (int)Math.Round(to * 100);
        for (int hundredth = (int)Math.Round(from * 100); hundredth < last; hundredth++)
        {
            double now = hundredth / 100.0;
            if (hundredth % 100 == 0 && !isCutOff)
            {
                roll.Hear(Here, Seconds(now));
            }

            if (hundredth % 100 == (int)Math.Round(phase * 100) && !isOtherSilent)
            {
                roll.Hear(There, Seconds(now));
            }

            absent.AddRange(roll.Absent().Select(who => (now, who)));
        }

        return [.. absent];
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(1_000 + seconds);
}
