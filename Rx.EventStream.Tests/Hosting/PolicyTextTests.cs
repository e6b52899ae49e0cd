using System.Globalization;
using Rx.Hosting.Configuration;

namespace Rx.Tests.Hosting;

/// <summary>The configuration has the texts that the policies give.</summary>
internal sealed class PolicyTextTests
{
    private static readonly LagPolicy[] _lagPolicies =
    [
        LagPolicy.Unbounded, LagPolicy.Latest, LagPolicy.DropOldest(1), LagPolicy.DropOldest(100), LagPolicy.DropOldest(int.MaxValue),
        LagPolicy.Fail(1), LagPolicy.Fail(12_345), LagPolicy.Wait(1), LagPolicy.Wait(1_000_000),
    ];

    private static readonly Retention[] _retentions =
    [
        Retention.None, Retention.All, Retention.Count(1), Retention.Count(int.MaxValue), Retention.Time(TimeSpan.FromTicks(1)),
        Retention.Time(TimeSpan.FromMinutes(5)), Retention.Time(TimeSpan.FromDays(400) + TimeSpan.FromMilliseconds(7)),
        Retention.CountAndTime(1_000, TimeSpan.FromMinutes(5)), Retention.CountAndTime(1, TimeSpan.FromDays(1)),
    ];

    [TestCaseSource(nameof(_lagPolicies))]
    public void ReadLagPolicy_ItsText_IsTheSame(LagPolicy policy)
    {
        LagPolicy read = PolicyText.ReadLagPolicy(policy.ToString());

        Assert.That(read.ToString(), Is.EqualTo(policy.ToString()));
        Assert.That((read.Capacity, read.IsBounded, read.FailsWhenFull, read.WaitsWhenFull, read.SkipsReplay),
            Is.EqualTo((policy.Capacity, policy.IsBounded, policy.FailsWhenFull, policy.WaitsWhenFull, policy.SkipsReplay)));
    }

    [TestCaseSource(nameof(_retentions))]
    public void ReadRetention_ItsText_IsTheSame(Retention retention)
    {
        Retention read = PolicyText.ReadRetention(retention.ToString());

        Assert.That((read.MaxCount, read.MaxAge), Is.EqualTo((retention.MaxCount, retention.MaxAge)));
    }

    /// <summary>A new policy needs a text here and in <see cref="PolicyText"/>.</summary>
    [Test]
    public void Policies_All_AreTested()
    {
        Assert.That(NamesOf<LagPolicy>(), Is.EquivalentTo(_lagPolicies.Select(NameOf).Distinct()));
        Assert.That(NamesOf<Retention>(), Is.EquivalentTo(_retentions.Select(NameOf).Distinct()));

        static IEnumerable<string> NamesOf<TPolicy>() =>
            typeof(TPolicy).GetMethods().Where(m => m.IsStatic && m.ReturnType == typeof(TPolicy)).Select(m => m.Name.Replace("get_", "", StringComparison.Ordinal));

        static string NameOf(object policy) => policy.ToString()!.Split('(')[0];
    }

    [TestCase(" dropoldest ( 100 ) ", "DropOldest(100)")]
    [TestCase("LATEST", "Latest")]
    public void ReadLagPolicy_OtherCaseAndSpaces_IsTheSame(string text, string expected) =>
        Assert.That(PolicyText.ReadLagPolicy(text).ToString(), Is.EqualTo(expected));

    [TestCase("countandtime(1000,1.02:03:04)", "CountAndTime(1000, 1.02:03:04)")]
    [TestCase("time(00:00:00.5)", "Time(00:00:00.5000000)")]
    public void ReadRetention_OtherCaseAndSpaces_IsTheSame(string text, string expected) =>
        Assert.That(PolicyText.ReadRetention(text).ToString(), Is.EqualTo(expected));

    [Test]
    [SetCulture("ar-SA")]
    public void Read_OtherCulture_IsTheSame()
    {
        Assert.That(CultureInfo.CurrentCulture.Name, Is.EqualTo("ar-SA"));
        Assert.That(PolicyText.ReadRetention("CountAndTime(1000, 00:05:00)").MaxAge, Is.EqualTo(TimeSpan.FromMinutes(5)));
    }
}
