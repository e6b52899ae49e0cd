using System.Reactive.Linq;
using System.Reactive.Subjects;

namespace Rx.Tests.Delivery;

/// <summary>On virtual time each event has a scheduled action of its own, so that ticks equal those of Rx's <c>ObserveOn</c>.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class ObserveOnMarbleTests(int segmentCapacity)
{
    private TestScheduler _scheduler = null!;
    private EventStream<char> _stream = null!;

    [SetUp]
    public void SetUp()
    {
        _scheduler = new TestScheduler();
        _stream = new EventStream<char>(new EventStreamOptions { SegmentCapacity = segmentCapacity });
    }

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [TestCase("", "")]
    [TestCase("a", "-a")]
    [TestCase("|", "-|")]
    [TestCase("#", "-#")]
    [TestCase("a--b-|", "-a--b-|")]
    [TestCase("(abc)", "-abc")]
    [TestCase("a--(bcd)----|", "-a--bcd--|")]
    [TestCase("(abc|)", "-abc|")]
    [TestCase("(ab)c-|", "-abc|")]
    [TestCase("(abc)-d-e|", "-abcde|")]
    [TestCase("a<500>(bc)<500>#", "-a<500>bc<499>#")]
    [TestCase("abc:---d", "abc-d")]
    public void ObserveOn_Events_SameTicksAsRx(string published, string expected)
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> ofRx = _scheduler.Observe(subject.ObserveOn(_scheduler));
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler));

        Play(published, subject);
        Play(published, _stream);
        _scheduler.Start();

        Marbles.Assert(ofRx, expected);
        Marbles.Assert(observer, expected);
    }

    // The only difference from Rx.
    [Test]
    public void ObserveOn_ErrorAfterQueuedEvents_DoesNotOvertake()
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> ofRx = _scheduler.Observe(subject.ObserveOn(_scheduler));
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler));

        _scheduler.Publish(subject, "(abc#)");
        _scheduler.Publish(_stream, "(abc#)");
        _scheduler.Start();

        Marbles.Assert(ofRx, "    -#");
        Marbles.Assert(observer, "-abc#");
    }

    [Test]
    public void Subscribe_NoScheduler_SameTick()
    {
        ITestableObserver<char> observer = _scheduler.Observe(_stream);

        _scheduler.Publish(_stream, "a--(bcd)----|");
        _scheduler.Start();

        Marbles.Assert(observer, "  a--(bcd)----|");
    }

    [Test]
    public void ObserveOn_SubscribersAtDifferentTicks_EachStartsThere()
    {
        ITestableObserver<char> first = _scheduler.Observe(_stream.ObserveOn(_scheduler));
        ITestableObserver<char> second = _scheduler.Observe(_stream.ObserveOn(_scheduler), "--^");
        ITestableObserver<char> inline = _scheduler.Observe(_stream, "----^");

        _scheduler.Publish(_stream, "a-(bc)-d-|");
        _scheduler.Start();

        Marbles.Assert(first, "   -a-bcd-|");
        Marbles.Assert(inline, "  ----d-|");
        // The second observer subscribes in the tick in which b and c are published. The scheduler runs actions of one tick in the order of scheduling.
        Marbles.Assert(second, "  ---bcd-|");
    }

    [Test]
    public void ObserveOn_DisposedWithEventsQueued_RestIsNotDelivered()
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> ofRx = _scheduler.Observe(subject.ObserveOn(_scheduler), "^---!");
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler), "^---!");

        _scheduler.Publish(subject, "-(abcdef|)");
        _scheduler.Publish(_stream, "-(abcdef|)");
        _scheduler.Start();

        Marbles.Assert(ofRx, "    --ab");
        Marbles.Assert(observer, "--ab");
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void ObserveOn_StreamDisposedWithEventsQueued_DropsTheRest()
    {
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler));

        _scheduler.Publish(_stream, "(abcdef|)");
        _scheduler.At("   ---x", _stream.Dispose);
        _scheduler.Start();

        Marbles.Assert(observer, " -ab");
    }

    [Test]
    public void From_HeldPosition_ReplaysOneEventPerTick()
    {
        EventPosition<char> start = _stream.GetNextPosition();
        ITestableObserver<char> late = _scheduler.Observe(_stream.From(start).ObserveOn(_scheduler), "----^");

        _scheduler.Publish(_stream, "(ab)c----------d--|");
        _scheduler.Start();

        Marbles.Assert(late, "      -----abc-----d--|");
    }

    [Test]
    public void From_EventDuringReplay_ComesAfterTheReplay()
    {
        EventPosition<char> start = _stream.GetNextPosition();
        ITestableObserver<char> late = _scheduler.Observe(_stream.From(start).ObserveOn(_scheduler), "----^");

        _scheduler.Publish(_stream, "(abcd)--- -e--|");
        _scheduler.Start();

        Marbles.Assert(late, "      ---- -abcde|");
    }

    [Test]
    public void From_PositionInTheMiddle_ReplaysFromThere()
    {
        EventPosition<char>? middle = null;
        _scheduler.At("--x", () => middle = _stream.GetNextPosition());
        ITestableObserver<char> late = _scheduler.Observe(() => _stream.From(middle!).ObserveOn(_scheduler), "------^");

        _scheduler.Publish(_stream, "ab-(cd)---|");
        _scheduler.Start();

        Marbles.Assert(late, "      -------cd|");
    }

    [Test]
    public void From_HeldPositionNoScheduler_ReplaysWithinTheTick()
    {
        EventPosition<char> start = _stream.GetNextPosition();
        ITestableObserver<char> late = _scheduler.Observe(_stream.From(start), "----^");

        _scheduler.Publish(_stream, "(ab)c-----d--|");
        _scheduler.Start();

        Marbles.Assert(late, "      ----(abc)--d--|");
    }

    [TestCase("ab|", "------ab|")]
    [TestCase("ab#", "------ab#")]
    [TestCase("|", "------|")]
    public void From_HeldPositionAfterTheEnd_ReplaysThenEnds(string published, string expected)
    {
        EventPosition<char> start = _stream.GetNextPosition();
        ITestableObserver<char> late = _scheduler.Observe(start.AsObservable().ObserveOn(_scheduler), "-----^");

        _scheduler.Publish(_stream, published);
        _scheduler.Start();

        Marbles.Assert(late, expected);
    }

    [TestCase("ab|", "------|")]
    [TestCase("ab#", "------#")]
    public void ObserveOn_SubscribedAfterTheEnd_GetsOnlyTheEndLikeRx(string published, string expected)
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> ofRx = _scheduler.Observe(subject.ObserveOn(_scheduler), "-----^");
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler), "-----^");

        _scheduler.Publish(subject, published);
        _scheduler.Publish(_stream, published);
        _scheduler.Start();

        Marbles.Assert(ofRx, expected);
        Marbles.Assert(observer, expected);
    }

    [Test]
    public void ObserveOn_ObserverPublishes_SameTicksAsRx()
    {
        using var subject = new Subject<char>();
        ITestableObserver<char> ofRx = _scheduler.Observe(Replying(subject, subject.ObserveOn(_scheduler)));
        ITestableObserver<char> observer = _scheduler.Observe(Replying(_stream, _stream.ObserveOn(_scheduler)));

        _scheduler.Publish(subject, "a--(ab)");
        _scheduler.Publish(_stream, "a--(ab)");
        _scheduler.Start();

        Marbles.Assert(ofRx, "    -az-abz");
        Marbles.Assert(observer, "-az-abz");

        static IObservable<char> Replying(IObserver<char> target, IObservable<char> source) => source.Do(value =>
        {
            if (value == 'a')
            {
                target.OnNext('z');
            }
        });
    }

    [Test]
    public void ObserveOn_ObserverCompletesStream_QueuedEventsComeFirst()
    {
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler).Do(_ => _stream.OnCompleted()));

        _scheduler.Publish(_stream, "(abc)--d");
        _scheduler.Start();

        Marbles.Assert(observer, "-abc|");
    }

    [Test]
    public void ObserveOn_ObserverThrows_ActionThrowsAndOthersGoOn()
    {
        var error = new InvalidOperationException();
        _stream.ObserveOn(_scheduler).Subscribe(_ => throw error);
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler));
        _scheduler.Publish(_stream, "(ab)|");

        Assert.That(_scheduler.Start, Throws.Exception.SameAs(error));
        _scheduler.Stop();
        _scheduler.Start();

        Marbles.Assert(observer, "-ab|");
    }

    [Test]
    public void ObserveOn_SecondScheduler_ReplacesTheFirst()
    {
        var unused = new TestScheduler();
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(unused).ObserveOn(_scheduler));

        _scheduler.Publish(_stream, "a|");
        _scheduler.Start();

        Marbles.Assert(observer, "-a|");
    }

    [Test]
    public void OnNextRange_OnScheduler_OneEventPerTick()
    {
        ITestableObserver<char> observer = _scheduler.Observe(_stream.ObserveOn(_scheduler));

        _scheduler.At("-x", () => _stream.OnNextRange("abc"));
        _scheduler.Start();

        Marbles.Assert(observer, "--abc");
    }

    [Test]
    public void ObserveOn_ThenTimedOperators_SameResultAsRx()
    {
        using var subject = new Subject<char>();
        ITestableObserver<string> ofRx = _scheduler.Observe(Windowed(subject.ObserveOn(_scheduler)));
        ITestableObserver<string> observer = _scheduler.Observe(Windowed(_stream.ObserveOn(_scheduler)));

        _scheduler.Publish(subject, "a-b--(cd)---e-----|");
        _scheduler.Publish(_stream, "a-b--(cd)---e-----|");
        _scheduler.Start();

        Assert.That(Marbles.Of(observer), Is.EqualTo(Marbles.Of(ofRx)));
        Assert.That(observer.Messages, Has.Count.GreaterThan(2));

        IObservable<string> Windowed(IObservable<char> source) =>
            source.Buffer(TimeSpan.FromTicks(4), _scheduler).Select(chars => string.Concat(chars));
    }

    private void Play(string marbles, IObserver<char> target)
    {
        // The part before the colon is published before the clock starts.
        int colon = marbles.IndexOf(':');
        foreach (char value in marbles.AsSpan(0, Math.Max(0, colon)))
        {
            target.OnNext(value);
        }

        _scheduler.Publish(target, marbles[(colon + 1)..]);
    }
}
