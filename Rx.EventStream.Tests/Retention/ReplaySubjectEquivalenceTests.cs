using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using CsCheck;

namespace Rx.Tests.Retaining;

/// <summary>A stream gives the same values in the same ticks as the <see cref="ReplaySubject{T}"/> that it replaces, for each constructor.</summary>
/// <remarks>
/// On a scheduler, a <see cref="ReplaySubject{T}"/> checks for events once more in the tick after its last event, and delivers an event that
/// is published in exactly that tick at once, not in the next one. A stream keeps the ticks of <c>ObserveOn</c>. So the publications here are
/// far enough apart that a late subscriber has caught up, and has checked, before the next one. With Rx's <c>ObserveOn</c> after the
/// <see cref="ReplaySubject{T}"/>, and without a scheduler, they may come in any tick.
/// </remarks>
[TestFixture]
internal sealed class ReplaySubjectEquivalenceTests
{
    private const int BufferSize = 3;
    private const string Published = "20f a 19f b 19f (cd) 19f e 19f f 119f g 19f (hi) 19f |";

    private static readonly TimeSpan _window = TimeSpan.FromTicks(45);

    /// <summary>Subscriptions before the first event, between events, and after the end.</summary>
    private static readonly long[] _joins = [1, 20, 22, 44, 60, 63, 84, 105, 106, 129, 148, 150, 224, 246, 262, 280, 285, 306, 330];

    public enum Form
    {
        Unbounded,
        BufferSize,
        UnboundedScheduler,
        BufferSizeScheduler,
        WindowScheduler,
        BufferSizeWindowScheduler,
        UnboundedObserveOn,
        BufferSizeObserveOn,
    }

    [Test]
    public void Subscribe_LateSubscribers_SameTicksAsReplaySubject([Values] Form form)
    {
        string[] ofRx = Play(form, isRx: true);
        string[] ofStream = Play(form, isRx: false);

        Assert.That(ofStream, Is.EqualTo(ofRx));
    }

    [Test]
    public void Subscribe_AnyPublicationsAndJoins_SameTicksAsReplaySubject([Values] Form form) =>
        Scenarios(form is Form.Unbounded or Form.BufferSize || IsObservedOn(form) ? 1 : 50).Sample(
            scenario => Run(form, scenario, isRx: false).SequenceEqual(Run(form, scenario, isRx: true)),
            print: scenario => $"{scenario}\n  stream {string.Join("\n         ", Run(form, scenario, isRx: false))}" +
                $"\n  Rx     {string.Join("\n         ", Run(form, scenario, isRx: true))}",
            iter: 500,
            threads: 1);

    /// <summary>The difference that docs/migrating.md tells. The late observer gets the replay in ticks 36 to 38.</summary>
    [TestCase(Form.UnboundedScheduler, true, 39)]
    [TestCase(Form.UnboundedScheduler, false, 40)]
    [TestCase(Form.UnboundedObserveOn, true, 40)]
    [TestCase(Form.UnboundedObserveOn, false, 40)]
    public void Subscribe_EventInTheTickAfterTheReplay_TickOfThePage(Form form, bool isRx, long expected)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var disposable = (IDisposable)Create<int>(form, isRx, scheduler);
        var subject = (ISubject<int>)disposable;
        long[] publications = [10, 20, 30, 39];
        for (int i = 0; i < publications.Length; i++)
        {
            int value = i + 1;
            scheduler.ScheduleAbsolute(publications[i], () => subject.OnNext(value));
        }

        MarbleRecording<int> late = JoinAt(scheduler, Observed(form, subject, scheduler), 35);
        scheduler.Start();

        Assert.That(late.Notifications.Select(notification => notification.Tick), Is.EqualTo(new[] { 36, 37, 38, expected }));
    }

    [Test]
    public void Subscribe_WindowOnTheSystemClock_BothReplayRecentEvents()
    {
        // ReplaySubject<T>(window) and (bufferSize, window) use the system clock, on which only a long window gives a certain result.
        using var subject = new ReplaySubject<int>(2, TimeSpan.FromHours(1));
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.CountAndTime(2, TimeSpan.FromHours(1)) });
        using var subjectByTime = new ReplaySubject<int>(TimeSpan.FromHours(1));
        using var streamByTime = new EventStream<int>(new EventStreamOptions { Retention = Retention.Time(TimeSpan.FromHours(1)) });
        for (int i = 0; i < 5; i++)
        {
            subject.OnNext(i);
            stream.OnNext(i);
            subjectByTime.OnNext(i);
            streamByTime.OnNext(i);
        }

        Assert.That(SeenBy(stream), Is.EqualTo(SeenBy(subject)).And.EqualTo(new[] { 3, 4 }));
        Assert.That(SeenBy(streamByTime), Is.EqualTo(SeenBy(subjectByTime)).And.Length.EqualTo(5));
    }

    /// <param name="pause">Ticks from one publication to the next; longer than any replay.</param>
    private static Gen<Scenario> Scenarios(long pause) =>
        from publications in Gen.Select(Gen.Long[1, 12], Gen.Int[1, 3], (tick, count) => new Publication(tick * pause, count)).Array[0, 10]
        from end in Gen.OneOf(Gen.Const(0L), Gen.Long[1, 14])
        from joins in Gen.Select(Gen.Long[1, 16], Gen.Long[0, Math.Min(pause - 1, 10)], (tick, later) => (tick * pause) + later).Array[1, 4]
        select new Scenario([.. publications.OrderBy(p => p.Tick)], end * pause, joins);

    private static string[] Play(Form form, bool isRx)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var disposable = (IDisposable)Create<char>(form, isRx, scheduler);
        var subject = (ISubject<char>)disposable;
        scheduler.Hot(Published).Subscribe(subject);
        MarbleRecording<char>[] observers = [.. _joins.Select(tick => JoinAt(scheduler, Observed(form, subject, scheduler), tick))];
        scheduler.Start();
        return [.. observers.Select(observer => observer.ToString())];
    }

    private static string[] Run(Form form, Scenario scenario, bool isRx)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var disposable = (IDisposable)Create<int>(form, isRx, scheduler);
        var subject = (ISubject<int>)disposable;
        int next = 0;
        foreach (Publication publication in scenario.Publications)
        {
            scheduler.ScheduleAbsolute(publication.Tick, () =>
            {
                for (int i = 0; i < publication.Count; i++)
                {
                    subject.OnNext(next++);
                }
            });
        }

        MarbleRecording<int>[] observers = [.. scenario.Joins.Select(tick => JoinAt(scheduler, Observed(form, subject, scheduler), tick))];
        if (scenario.End > 0)
        {
            scheduler.ScheduleAbsolute(scenario.End, subject.OnCompleted);
        }

        scheduler.Start();
        return [.. observers.Select(observer => observer.ToString())];
    }

    private static MarbleRecording<T> JoinAt<T>(MarbleScheduler scheduler, IObservable<T> source, long tick) => scheduler.Record(source, $"{tick}f ^");

    private static ISubject<T> Create<T>(Form form, bool isRx, MarbleScheduler scheduler) => (form, isRx) switch
    {
        (Form.Unbounded, true) => new ReplaySubject<T>(),
        (Form.Unbounded, false) => new EventStream<T>(new EventStreamOptions { Retention = Retention.All }),
        (Form.BufferSize, true) => new ReplaySubject<T>(BufferSize),
        (Form.BufferSize, false) => new EventStream<T>(new EventStreamOptions { Retention = Retention.Count(BufferSize) }),
        (Form.UnboundedObserveOn, _) => Create<T>(Form.Unbounded, isRx, scheduler),
        (Form.BufferSizeObserveOn, _) => Create<T>(Form.BufferSize, isRx, scheduler),
        (Form.UnboundedScheduler, true) => new ReplaySubject<T>(scheduler),
        (Form.UnboundedScheduler, false) => Scheduled<T>(Retention.All, scheduler),
        (Form.BufferSizeScheduler, true) => new ReplaySubject<T>(BufferSize, scheduler),
        (Form.BufferSizeScheduler, false) => Scheduled<T>(Retention.Count(BufferSize), scheduler),
        (Form.WindowScheduler, true) => new ReplaySubject<T>(_window, scheduler),
        (Form.WindowScheduler, false) => Scheduled<T>(Retention.Time(_window), scheduler),
        (Form.BufferSizeWindowScheduler, true) => new ReplaySubject<T>(BufferSize, _window, scheduler),
        (Form.BufferSizeWindowScheduler, false) => Scheduled<T>(Retention.CountAndTime(BufferSize, _window), scheduler),
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    private static bool IsObservedOn(Form form) => form is Form.UnboundedObserveOn or Form.BufferSizeObserveOn;

    private static IObservable<T> Observed<T>(Form form, ISubject<T> subject, IScheduler scheduler) => subject switch
    {
        _ when !IsObservedOn(form) => subject,
        EventStream<T> stream => stream.ObserveOn(scheduler),
        _ => subject.ObserveOn(scheduler),
    };

    private static EventStream<T> Scheduled<T>(Retention retention, IScheduler scheduler) =>
        new(new EventStreamOptions { Retention = retention, Scheduler = scheduler, SegmentCapacity = 4 });

    private static int[] SeenBy(IObservable<int> source)
    {
        var seen = new List<int>();
        using IDisposable subscription = source.Subscribe(seen.Add);
        return [.. seen];
    }

    private sealed record Publication(long Tick, int Count);

    private sealed record Scenario(Publication[] Publications, long End, long[] Joins)
    {
        public override string ToString() =>
            $"published {string.Join(", ", Publications.Select(p => $"{p.Count} at {p.Tick}"))}; end {End}; joins {string.Join(", ", Joins)}";
    }
}
