using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;

namespace Rx.Tests.Testing;

/// <summary>Sources, recordings, and when expectations are checked.</summary>
[TestFixture]
internal sealed class MarbleSchedulerTests
{
    private static readonly TimeSpan _tick = TimeSpan.FromTicks(1);

    private MarbleScheduler _scheduler = null!;

    [SetUp]
    public void SetUp() => _scheduler = new MarbleScheduler();

    [Test]
    public void Run_Rx_OnVirtualTime() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> keys = scheduler.Hot("-a-bc----d|");

        scheduler.Expect(keys.Throttle(TimeSpan.FromMilliseconds(3), scheduler)).ToBe("-------c--(d|)");
        scheduler.Expect(keys.Delay(TimeSpan.FromSeconds(1), scheduler)).ToBe("1s -a-bc----d|");
        scheduler.Expect(Observable.Interval(TimeSpan.FromSeconds(30), scheduler).Take(2)).ToBe("30s 0 29999ms (1|)");
        scheduler.Expect(keys.Subscriptions).ToBe("^---------!", "^---------!");
    });

    [Test]
    public void Frame_OneTick_EachHopShows() => MarbleScheduler.Run(_tick, scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("a--(bcd)----|");

        scheduler.Expect(source).ToBe("                                            a--(bcd)----|");
        scheduler.Expect(source.ObserveOn(scheduler)).ToBe("                       -a--bcd--|");
        scheduler.Expect(source.ObserveOn(scheduler).ObserveOn(scheduler)).ToBe("  --a--bcd--|");
    });

    [Test]
    public void Frame_OneMillisecond_HopsAreWithinAFrame() => MarbleScheduler.Run(scheduler =>
        scheduler.Expect(scheduler.Hot("a--(bcd)----|").ObserveOn(scheduler)).ToBe("a--(bcd)----|"));

    [Test]
    public void Hot_Values_EachWay()
    {
        MarbleScheduler.Run(scheduler =>
        {
            scheduler.Expect(scheduler.Hot<int>("1-2|").Select(i => i + 1)).ToBe("2-3|");
            scheduler.Expect(scheduler.Hot("a-b|", ('a', 10), ('b', 20)).Select(i => i + 1)).ToBe("x-y|", ('x', 11), ('y', 21));
            scheduler.Expect(scheduler.Hot("a-b|", new Dictionary<char, string> { ['a'] = "one", ['b'] = "two" }).Select(s => s.Length)).ToBe("3-3|");
            scheduler.Expect(scheduler.Cold("a-b|", new MarbleValues<int> { { 'a', 10 }, { 'b', new TimeoutException("late") } }).Materialize().Select(n => n.Kind.ToString()[2]))
                .ToBe("N-(E|)");
            scheduler.Expect(scheduler.Cold<int>("1-2|")).ToBe("a-b|", new Dictionary<char, int> { ['a'] = 1, ['b'] = 2 });
            scheduler.Expect(scheduler.Cold("a|", ('a', (string?)null))).ToBe("x|", ('x', null));
        });
    }

    [Test]
    public void Error_Each_MatchesAsItSays()
    {
        var disk = new IOException("disk");
        MarbleScheduler.Run(scheduler =>
        {
            scheduler.Expect(scheduler.Hot("-#")).ToBe("-#");
            scheduler.Expect(scheduler.Hot("-#", disk)).ToBe("-#");
            scheduler.Expect(scheduler.Hot("-#", disk)).ToBe("-#", new IOException("disk"));
            scheduler.Expect(scheduler.Hot("-e", new MarbleValues<int> { { 'e', disk } })).ToBe("-#", new MarbleValues<int> { { '#', disk } });
            scheduler.Expect(scheduler.Hot("-#")).ToBe("-#", Marbles.Error);
        });
        Assert.That(() => MarbleScheduler.Run(s => s.Expect(s.Hot("-#", disk)).ToBe("-#", new IOException("net"))), Throws.TypeOf<MarbleException>());
        Assert.That(() => MarbleScheduler.Run(s => s.Expect(s.Hot("-#", disk)).ToBe("-#", new TimeoutException("disk"))), Throws.TypeOf<MarbleException>());
    }

    [Test]
    public void Values_OfSyntax_Throw()
    {
        Assert.That(() => new MarbleValues<int> { { '-', 1 } }, Throws.ArgumentException);
        Assert.That(() => new MarbleValues<int> { { '#', 1 } }, Throws.ArgumentException);
        Assert.That(() => new MarbleValues<int> { { '|', Marbles.Error } }, Throws.ArgumentException);
        Assert.That(() => new MarbleValues<int> { { 'a', 1 }, { 'a', 2 } }, Throws.ArgumentException);
    }

    [Test]
    public void Expect_Collections_ElementsAreCompared() => MarbleScheduler.Run(scheduler =>
        scheduler.Expect(scheduler.Hot("ab-c|").Buffer(2)).ToBe("-x--(y|)", ('x', ['a', 'b']), ('y', ['c'])));

    [Test]
    public void Hot_EventsBeforeTheCaret_InNegativeFrames() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("a-b^c-d|");
        var early = new List<(long, char)>();
        source.Subscribe(c => early.Add((scheduler.Clock / scheduler.Frame.Ticks, c)));

        scheduler.Expect(source).ToBe("-c-d|");
        scheduler.Start();

        Assert.That(early, Is.EqualTo(new[] { (-3L, 'a'), (-1L, 'b'), (1L, 'c'), (3L, 'd') }));
        Assert.That(scheduler.Now, Is.EqualTo(DateTimeOffset.UnixEpoch.AddMilliseconds(4)));
    });

    [Test]
    public void Cold_EachObserver_FromTheStart() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Cold("a-b|");

        scheduler.Expect(source).ToBe("               a-b|");
        scheduler.Expect(source, "--^").ToBe("        --a-b|");
        scheduler.Expect(source, "-----^-!").ToBe("   -----a-");
        scheduler.Expect(source.Subscriptions).ToBe("^--!", "--^--!", "-----^-!");
    });

    [Test]
    public void Record_Subscription_BeforeTheEventsOfItsFrames() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("abcdef|");

        scheduler.Expect(source, "--^-!").ToBe(" --cd");
        scheduler.Expect(source, "---!").ToBe("  abc");
        scheduler.Expect(source, "(^!)").ToBe("");
        scheduler.Expect(source.Subscriptions).ToBe("^--!", "(^!)", "--^-!");
    });

    [Test]
    public void Record_Function_MadeInTheTickOfTheSubscription()
    {
        long made = 0;
        MarbleRecording<char> recording = _scheduler.Record(() =>
        {
            made = _scheduler.Clock;
            return Observable.Return('x');
        }, "---^");

        _scheduler.Start();

        Assert.That((made, recording.ToString()), Is.EqualTo((30_000, "---(x|)")));
    }

    [Test]
    public void Record_CallsAfterTheEnd_AreSeen()
    {
        MarbleRecording<char> recording = _scheduler.Record(new Broken());

        _scheduler.Start();

        Assert.That(recording.ToString(), Is.EqualTo("(a|b)"));
    }

    [Test]
    public void AdvanceTo_Marbles_RunsTheFrameAndNoMore()
    {
        MarbleRecording<char> recording = _scheduler.Record(_scheduler.Hot("a-bcd"));

        _scheduler.AdvanceTo("");
        Assert.That(recording.ToString(), Is.EqualTo("a"));
        _scheduler.AdvanceTo("---");
        Assert.That(recording.ToString(), Is.EqualTo("a-bc"));
        _scheduler.AdvanceTo("1s");
        Assert.That((recording.ToString(), _scheduler.Clock), Is.EqualTo(("a-bcd", TimeSpan.TicksPerSecond)));
        _scheduler.AdvanceBy(5);
        Assert.That(_scheduler.Clock, Is.EqualTo(TimeSpan.TicksPerSecond + 5));
        Assert.That(() => _scheduler.AdvanceTo("-"), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => _scheduler.AdvanceBy(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AfterAdvance_PastFrames_Throw()
    {
        _scheduler.AdvanceTo("---");

        Assert.That(() => _scheduler.Hot("--a"), Throws.InvalidOperationException.With.Message.EqualTo("Frame 2 has passed: the clock is in frame 3."));
        Assert.That(() => _scheduler.Record(_scheduler.Cold("a"), "-^"), Throws.InvalidOperationException);
        MarbleRecording<char> late = _scheduler.Record(_scheduler.Cold("a-b"));
        MarbleRecording<char> hot = _scheduler.Record(_scheduler.Hot("---a-b"));
        _scheduler.Start();
        Assert.That((late.ToString(), hot.ToString()), Is.EqualTo(("---a-b", "---a-b")));
    }

    [Test]
    public void Expectation_BeforeTheRun_CheckedOnceAtItsEnd()
    {
        _scheduler.Expect(_scheduler.Hot("a")).ToBe("b");
        _scheduler.AdvanceTo("-----");

        Assert.That(_scheduler.Start, Throws.TypeOf<MarbleException>());
        Assert.That(_scheduler.Start, Throws.Nothing);
    }

    [Test]
    public void Expectation_AfterTheRun_CheckedAtOnce()
    {
        MarbleRecording<char> recording = _scheduler.Record(_scheduler.Hot("a"));
        _scheduler.Start();

        Assert.That(() => _scheduler.Expect(recording).ToBe("a"), Throws.Nothing);
        Assert.That(() => _scheduler.Expect(recording).ToBe("b"), Throws.TypeOf<MarbleException>());
        Assert.That(() => new MarbleScheduler().Expect(recording), Throws.ArgumentException);
    }

    [Test]
    public void Expectation_SomethingIsLeft_CheckedWhenNothingIs()
    {
        MarbleRecording<char> recording = _scheduler.Record(_scheduler.Hot("a----b"));
        _scheduler.AdvanceTo("--");

        Assert.That(() => _scheduler.Expect(recording).ToBe("a"), Throws.Nothing);
        Assert.That(_scheduler.Start, Throws.TypeOf<MarbleException>());
    }

    [Test]
    public void Run_SeveralFailures_OneExceptionWithAll() =>
        Assert.That(
            () => MarbleScheduler.Run(scheduler =>
            {
                MarbleSource<char> first = scheduler.Hot("a");
                MarbleSource<char> second = scheduler.Hot("-b");
                scheduler.Expect(first).ToBe("x");
                scheduler.Expect(second).ToBe("-b");
                scheduler.Expect(second).ToBe("y");
            }),
            Throws.TypeOf<MarbleException>().With.Message.Contains("first differs").And.Message.Contains("second differs"));

    [Test]
    public void Start_ActionThrows_LeavesAndCanGoOn()
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        var seen = new List<int>();
        _scheduler.Schedule(() => throw new IOException());
        _scheduler.Schedule(TimeSpan.FromTicks(5), () => seen.Add(1));

        Assert.That(_scheduler.Start, Throws.TypeOf<IOException>());
        _scheduler.Start();

        Assert.That(seen, Is.EqualTo(new[] { 1 }));
        Assert.That(SynchronizationContext.Current, Is.SameAs(before));
    }

    [Test]
    public void Start_WhileRunning_Throws()
    {
        _scheduler.Schedule(_scheduler.Start);

        Assert.That(_scheduler.Start, Throws.InvalidOperationException);
    }

    [Test]
    public void Start_SourceNeverEnds_ThrowsInsteadOfRunningForever()
    {
        _scheduler.MaxActions = 1_000;
        _scheduler.Record(Observable.Interval(TimeSpan.FromSeconds(1), _scheduler));

        Assert.That(_scheduler.Start, Throws.InvalidOperationException.With.Message.Contains("does not end"));
    }

    [Test]
    public void Stop_InAnAction_NothingIsChecked()
    {
        _scheduler.Expect(_scheduler.Hot("a--b")).ToBe("a");
        _scheduler.Schedule(TimeSpan.FromTicks(5), _scheduler.Stop);

        Assert.That(_scheduler.Start, Throws.Nothing);
        Assert.That(_scheduler.Start, Throws.TypeOf<MarbleException>());
    }

    [Test]
    public void Of_TimestampedAndTicks_Drawn()
    {
        IList<System.Reactive.Timestamped<System.Reactive.Notification<long>>>? seen = null;
        Observable.Interval(TimeSpan.FromSeconds(2), _scheduler).Take(3).Materialize().Timestamp(_scheduler).ToList().Subscribe(l => seen = l);
        _scheduler.Start();

        Assert.That(Marbles.Of(seen!), Is.EqualTo("2s 0 1999ms 1 1999ms (2|)"));
        Assert.That(Marbles.Of(seen!, DateTimeOffset.UnixEpoch.AddSeconds(2), TimeSpan.FromSeconds(1)), Is.EqualTo("0-1-(2|)"));
        Assert.That(
            Marbles.Of(seen!.Select(n => (n.Timestamp.Ticks - DateTimeOffset.UnixEpoch.Ticks, n.Value)), TimeSpan.FromSeconds(1), new MarbleValues<long> { { 'x', 1 } }),
            Is.EqualTo($"--0-x-(2|){Environment.NewLine}x = 1"));
    }

    private sealed class Broken : IObservable<char>
    {
        public IDisposable Subscribe(IObserver<char> observer)
        {
            observer.OnNext('a');
            observer.OnCompleted();
            observer.OnNext('b');
            return Disposable.Empty;
        }
    }
}
