using Rx.Nats.Server;

namespace Rx.Tests.Nats;

[TestFixture]
internal sealed class SubjectPatternTests
{
    [TestCase("a.b", "a.b", true)]
    [TestCase("a.*", "a.b", true)]
    [TestCase("*.b", "a.*", true)]
    [TestCase("a.>", "a.b.c", true)]
    [TestCase(">", "a", true)]
    [TestCase("a.>", "*.b", true)]
    [TestCase("a.>", "a", false)]
    [TestCase("a.b", "a.c", false)]
    [TestCase("a.*", "a.b.c", false)]
    [TestCase("a.>", "b.>", false)]
    public void Overlaps_BothWays_Expected(string pattern, string other, bool expected)
    {
        Assert.That(SubjectPattern.Overlaps(pattern, other), Is.EqualTo(expected));
        Assert.That(SubjectPattern.Overlaps(other, pattern), Is.EqualTo(expected));
    }

    [TestCase("a", true)]
    [TestCase("a.b-c.d_e", true)]
    [TestCase("a*b.c>", true)]
    [TestCase("größe.β", true)]
    [TestCase(null, false)]
    [TestCase("", false)]
    [TestCase(".a", false)]
    [TestCase("a.", false)]
    [TestCase("a..b", false)]
    [TestCase("a b", false)]
    [TestCase("a\tb", false)]
    [TestCase("a\r\nPING", false)]
    [TestCase("a.*", false)]
    [TestCase("*", false)]
    [TestCase("a.>", false)]
    public void IsSubject_Text_Expected(string? text, bool expected) => Assert.That(SubjectPattern.IsSubject(text), Is.EqualTo(expected));
}
