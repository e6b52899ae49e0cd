using System.Reactive.Linq;
using System.Reactive.Subjects;

namespace Rx.Tests;

[TestFixture]
internal sealed class MarblesTests
{
    private TestScheduler _scheduler = null!;

    [SetUp]
    public void SetUp() => _scheduler = new TestScheduler();

    [TestCase("", "")]
    [TestCase("---", "")]
    [TestCase("--a--b-|", "--a--b-|")]
    [TestCase("a-(bc)-#", "a-(bc)-#")]
    [TestCase("(a)", "a")]
    [TestCase("- a - b --", "-a-b")]
    [TestCase("{10}-{a}", "{10}-a")]
    [TestCase("<3>a", "---a")]
    [TestCase("a<500>b", "a<500>b")]
    [TestCase("ab:-c", "ab:-c")]
    [TestCase("-^--!", "-^--!")]
    public void Render_ParsedLine_ShortestEquivalentLine(string marbles, string expected) =>
        Assert.That(Marbles.Render(Marbles.Parse(marbles)), Is.EqualTo(expected));

    [Test]
    public void Parse_Group_OneTickWide()
    {
        Marble[] expected =
        [
            new(1, MarbleKind.Value, "a"),
            new(3, MarbleKind.Value, "b"),
            new(3, MarbleKind.Value, "c"),
            new(4, MarbleKind.Completed, ""),
        ];

        Assert.That(Marbles.Parse("a-(bc)|"), Is.EqualTo(expected));
    }

    [TestCase("a-?", "'?'")]
    [TestCase("(ab", "')'")]
    [TestCase("ab)", "')'")]
    [TestCase("(a-b)", "'-'")]
    [TestCase("{10", "'}'")]
    [TestCase("<x>", "whole number")]
    [TestCase("a-:b", "'-'")]
    [TestCase("a:b:c", "':'")]
    public void Parse_Malformed_SaysWhatIsWrong(string marbles, string part) =>
        Assert.That(() => Marbles.Parse(marbles), Throws.TypeOf<FormatException>().With.Message.Contains(part).And.Message.Contains(marbles));

    [Test]
    public void Assert_Different_PrintsBothLines()
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> observer = _scheduler.Observe(subject);
        _scheduler.Publish(subject, "--a-b--|");
        _scheduler.Start();

        string message = MessageOf(() => Marbles.Assert(observer, "--a--b-|"));

        Assert.That(message, Does.Contain("\"--a--b-|\"").And.Contain("\"--a-b--|\"").And.Contain(nameof(observer)));
    }

    [Test]
    public void Assert_LongLines_PrintsBothInFull()
    {
        using var subject = new Subject<int>();
        string published = string.Concat(Enumerable.Repeat("1-2-", 40)) + "3";
        string expected = string.Concat(Enumerable.Repeat("1-2-", 40)) + "4";
        ITestableObserver<int> observer = _scheduler.Observe(subject);
        _scheduler.Publish(subject, published);
        _scheduler.Start();

        string message = MessageOf(() => Marbles.Assert(observer, expected));

        Assert.That(message, Does.Contain(published).And.Contain(expected));
    }

    [Test]
    public void Publish_Marbles_CallsInTheirTicks()
    {
        using var subject = new Subject<string>();
        ITestableObserver<string> observer = _scheduler.Observe(subject);

        _scheduler.Publish(subject, "a-(bc)-{long text}#");
        _scheduler.Start();

        Marbles.Assert(observer, "a-(bc)-{long text}#");
        Assert.That(observer.Messages[^1].Value.Exception, Is.SameAs(Marbles.Error));
    }

    [Test]
    public void Publish_PastTick_Throws()
    {
        using var subject = new Subject<int>();
        _scheduler.AdvanceTo(2);

        Assert.That(() => _scheduler.Publish(subject, "-1"), Throws.InvalidOperationException);
    }

    [Test]
    public void Assert_EventsBeforeTheClockStarts_LeftOfTheColon()
    {
        using var subject = new Subject<int>();
        ITestableObserver<int> observer = _scheduler.Observe(subject);
        subject.OnNext(1);
        subject.OnNext(2);

        _scheduler.Publish(subject, "-3|");
        _scheduler.Start();

        Marbles.Assert(observer, "12:-3|");
    }

    [Test]
    public void Observe_WithSubscription_RecordsFromSubscribeToDispose()
    {
        ITestableObservable<char> source = _scheduler.Hot<char>("a-b-c-d-|");

        ITestableObserver<char> observer = _scheduler.Observe(source, "-^---!");
        _scheduler.Start();

        Marbles.Assert(observer, "--b-c");
        Assert.That(source.Subscriptions, Is.EqualTo(new[] { new Subscription(2, 6) }));
    }

    [Test]
    public void At_EachMark_RunsInItsTick()
    {
        var ticks = new List<long>();

        _scheduler.At("-x--x", () => ticks.Add(_scheduler.Clock));
        _scheduler.Start();

        Assert.That(ticks, Is.EqualTo(new[] { 2L, 5L }));
    }

    [Test]
    public void Cold_EachSubscriber_StartsInTheTickAfterIt()
    {
        ITestableObservable<char> source = _scheduler.Cold<char>("a-b|");

        ITestableObserver<char> first = _scheduler.Observe(source);
        ITestableObserver<char> second = _scheduler.Observe(source, "--^");
        _scheduler.Start();

        Marbles.Assert(first, "   a-b|");
        Marbles.Assert(second, "---a-b|");
    }

    // Microsoft.Reactive.Testing 3.1.1 was built against System.Reactive 3. An incompatibility would show here first.
    [Test]
    public void TestScheduler_ObserveOnOfSystemReactive_OneTickPerHop()
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> observer = _scheduler.Observe(subject.ObserveOn(_scheduler));

        _scheduler.Publish(subject, "a--(bcd)----|");
        _scheduler.Start();

        Marbles.Assert(observer, "  -a--bcd--|");
    }

    [Test]
    public void TestScheduler_TimersOfSystemReactive_RunInVirtualTime()
    {
        ITestableObserver<long> observer = _scheduler.Observe(
            Observable.Interval(TimeSpan.FromSeconds(1), _scheduler).Take(2));

        _scheduler.Start();

        Marbles.Assert(observer, "<9999999>0<9999999>(1|)");
    }

    private static string MessageOf(Action failing)
    {
        // Isolated, so that the expected failure does not fail this test.
        using (new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext())
        {
            return Assert.Throws<AssertionException>(failing)!.Message;
        }
    }
}
