using System.Reactive.Linq;
using System.Reactive.Subjects;

namespace Rx.Tests.Delivery;

/// <summary>On virtual time each event has a scheduled action of its own, so that ticks equal those of Rx's <c>ObserveOn</c>.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class ObserveOnMarbleTests(int segmentCapacity)
{
    private MarbleScheduler _scheduler = null!;
    private EventStream<char> _stream = null!;

    [SetUp]
    public void SetUp()
    {
        _scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
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
    [TestCase("a 500f (bc) 500f #", "-a 500f bc 499f #")]
    public void ObserveOn_Events_SameTicksAsRx(string published, string expected)
    {
        using var subject = new Subject<char>();
        MarbleRecording<char> ofRx = _scheduler.Record(subject.ObserveOn(_scheduler));
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler));

        _scheduler.Hot(published).Subscribe(subject);
        _scheduler.Hot(published).Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(ofRx).ToBe(expected);
        _scheduler.Expect(observer).ToBe(expected);
    }

    [Test]
    public void ObserveOn_EventsBetweenTwoRuns_SameTicksAsRx()
    {
        using var subject = new Subject<char>();
        MarbleRecording<char> ofRx = _scheduler.Record(subject.ObserveOn(_scheduler));
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler));
        _scheduler.AdvanceTo("");

        foreach (char value in "abc")
        {
            subject.OnNext(value);
            _stream.OnNext(value);
        }

        _scheduler.Hot("----d").Subscribe(subject);
        _scheduler.Hot("----d").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(ofRx).ToBe("-abc-d");
        _scheduler.Expect(observer).ToBe("-abc-d");
    }

    // The only difference from Rx.
    [Test]
    public void ObserveOn_ErrorAfterQueuedEvents_DoesNotOvertake()
    {
        using var subject = new Subject<char>();
        MarbleRecording<char> ofRx = _scheduler.Record(subject.ObserveOn(_scheduler));
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler));

        _scheduler.Hot("(abc#)").Subscribe(subject);
        _scheduler.Hot("(abc#)").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(ofRx).ToBe("    -#");
        _scheduler.Expect(observer).ToBe("-abc#");
    }

    [Test]
    public void Subscribe_NoScheduler_SameTick()
    {
        MarbleRecording<char> observer = _scheduler.Record(_stream);

        _scheduler.Hot("a--(bcd)----|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(observer).ToBe("  a--(bcd)----|");
    }

    [Test]
    public void ObserveOn_SubscribersAtDifferentTicks_EachStartsThere()
    {
        MarbleRecording<char> first = _scheduler.Record(_stream.ObserveOn(_scheduler));
        MarbleRecording<char> second = _scheduler.Record(_stream.ObserveOn(_scheduler), "--^");
        MarbleRecording<char> inline = _scheduler.Record(_stream, "----^");

        _scheduler.Hot("a-(bc)-d-|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(first).ToBe("   -a-bcd-|");
        _scheduler.Expect(inline).ToBe("  ----d-|");
        // The second observer subscribes in the tick in which b and c are published. The scheduler runs actions of one tick in the order of scheduling.
        _scheduler.Expect(second).ToBe("  ---bcd-|");
    }

    [Test]
    public void ObserveOn_DisposedWithEventsQueued_RestIsNotDelivered()
    {
        using var subject = new Subject<char>();
        MarbleRecording<char> ofRx = _scheduler.Record(subject.ObserveOn(_scheduler), "^---!");
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler), "^---!");

        _scheduler.Hot("-(abcdef|)").Subscribe(subject);
        _scheduler.Hot("-(abcdef|)").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(ofRx).ToBe("    --ab");
        _scheduler.Expect(observer).ToBe("--ab");
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void ObserveOn_StreamDisposedWithEventsQueued_DropsTheRest()
    {
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler));

        _scheduler.Hot("(abcdef|)").Subscribe(_stream);
        _scheduler.Hot("   ---x").Subscribe(_ => _stream.Dispose());
        _scheduler.Start();

        _scheduler.Expect(observer).ToBe(" -ab");
    }

    [Test]
    public void From_HeldPosition_ReplaysOneEventPerTick()
    {
        EventPosition<char> start = _stream.GetNextPosition();
        MarbleRecording<char> late = _scheduler.Record(_stream.From(start).ObserveOn(_scheduler), "----^");

        _scheduler.Hot("(ab)c----------d--|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(late).ToBe("      -----abc-----d--|");
    }

    [Test]
    public void From_EventDuringReplay_ComesAfterTheReplay()
    {
        EventPosition<char> start = _stream.GetNextPosition();
        MarbleRecording<char> late = _scheduler.Record(_stream.From(start).ObserveOn(_scheduler), "----^");

        _scheduler.Hot("(abcd)--- -e--|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(late).ToBe("      ---- -abcde|");
    }

    [Test]
    public void From_PositionInTheMiddle_ReplaysFromThere()
    {
        EventPosition<char>? middle = null;
        _scheduler.Hot("--x").Subscribe(_ => middle = _stream.GetNextPosition());
        MarbleRecording<char> late = _scheduler.Record(() => _stream.From(middle!).ObserveOn(_scheduler), "------^");

        _scheduler.Hot("ab-(cd)---|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(late).ToBe("      -------cd|");
    }

    [Test]
    public void From_HeldPositionNoScheduler_ReplaysWithinTheTick()
    {
        EventPosition<char> start = _stream.GetNextPosition();
        MarbleRecording<char> late = _scheduler.Record(_stream.From(start), "----^");

        _scheduler.Hot("(ab)c-----d--|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(late).ToBe("      ----(abc)--d--|");
    }

    [TestCase("ab|", "------ab|")]
    [TestCase("ab#", "------ab#")]
    [TestCase("|", "------|")]
    public void From_HeldPositionAfterTheEnd_ReplaysThenEnds(string published, string expected)
    {
        EventPosition<char> start = _stream.GetNextPosition();
        MarbleRecording<char> late = _scheduler.Record(start.AsObservable().ObserveOn(_scheduler), "-----^");

        _scheduler.Hot(published).Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(late).ToBe(expected);
    }

    [TestCase("ab|", "------|")]
    [TestCase("ab#", "------#")]
    public void ObserveOn_SubscribedAfterTheEnd_GetsOnlyTheEndLikeRx(string published, string expected)
    {
        using var subject = new Subject<char>();
        MarbleRecording<char> ofRx = _scheduler.Record(subject.ObserveOn(_scheduler), "-----^");
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler), "-----^");

        _scheduler.Hot(published).Subscribe(subject);
        _scheduler.Hot(published).Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(ofRx).ToBe(expected);
        _scheduler.Expect(observer).ToBe(expected);
    }

    [Test]
    public void ObserveOn_ObserverPublishes_SameTicksAsRx()
    {
        using var subject = new Subject<char>();
        MarbleRecording<char> ofRx = _scheduler.Record(Replying(subject, subject.ObserveOn(_scheduler)));
        MarbleRecording<char> observer = _scheduler.Record(Replying(_stream, _stream.ObserveOn(_scheduler)));

        _scheduler.Hot("a--(ab)").Subscribe(subject);
        _scheduler.Hot("a--(ab)").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(ofRx).ToBe("    -az-abz");
        _scheduler.Expect(observer).ToBe("-az-abz");

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
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler).Do(_ => _stream.OnCompleted()));

        _scheduler.Hot("(abc)--d").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(observer).ToBe("-abc|");
    }

    [Test]
    public void ObserveOn_ObserverThrows_ActionThrowsAndOthersGoOn()
    {
        var error = new InvalidOperationException();
        _stream.ObserveOn(_scheduler).Subscribe(_ => throw error);
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler));
        _scheduler.Hot("(ab)|").Subscribe(_stream);

        Assert.That(_scheduler.Start, Throws.Exception.SameAs(error));
        _scheduler.Stop();
        _scheduler.Start();

        _scheduler.Expect(observer).ToBe("-ab|");
    }

    [Test]
    public void ObserveOn_SecondScheduler_ReplacesTheFirst()
    {
        var unused = new MarbleScheduler(TimeSpan.FromTicks(1));
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(unused).ObserveOn(_scheduler));

        _scheduler.Hot("a|").Subscribe(_stream);
        _scheduler.Start();

        _scheduler.Expect(observer).ToBe("-a|");
    }

    [Test]
    public void OnNextRange_OnScheduler_OneEventPerTick()
    {
        MarbleRecording<char> observer = _scheduler.Record(_stream.ObserveOn(_scheduler));

        _scheduler.Hot("-x").Subscribe(_ => _stream.OnNextRange("abc"));
        _scheduler.Start();

        _scheduler.Expect(observer).ToBe("--abc");
    }

    [Test]
    public void ObserveOn_ThenTimedOperators_SameResultAsRx()
    {
        using var subject = new Subject<char>();
        MarbleRecording<string> ofRx = _scheduler.Record(Windowed(subject.ObserveOn(_scheduler)));
        MarbleRecording<string> observer = _scheduler.Record(Windowed(_stream.ObserveOn(_scheduler)));

        _scheduler.Hot("a-b--(cd)---e-----|").Subscribe(subject);
        _scheduler.Hot("a-b--(cd)---e-----|").Subscribe(_stream);
        _scheduler.Start();

        Assert.That(observer.ToString(), Is.EqualTo(ofRx.ToString()));
        Assert.That(observer.Notifications, Has.Count.GreaterThan(2));

        IObservable<string> Windowed(IObservable<char> source) =>
            source.Buffer(TimeSpan.FromTicks(4), _scheduler).Select(chars => string.Concat(chars));
    }
}
