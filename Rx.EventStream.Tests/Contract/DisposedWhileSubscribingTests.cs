using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

/// <summary>An observer that is called inside <c>Subscribe</c> disposes the stream. As with Rx's subjects, <c>Subscribe</c> returns.</summary>
internal sealed class DisposedWhileSubscribingTests
{
    private static readonly InvalidOperationException _error = new("the source's");

    private static IEnumerable<TestCaseData> Subjects()
    {
        foreach (bool fails in new[] { false, true })
        {
            yield return new TestCaseData(() => new Subject<int>(), fails).SetArgDisplayNames("Subject", $"{fails}");
            yield return new TestCaseData(() => new ReplaySubject<int>(), fails).SetArgDisplayNames("ReplaySubject", $"{fails}");
            foreach (Retention retention in new[] { Retention.None, Retention.All })
            {
                foreach (IScheduler? scheduler in new IScheduler?[] { null, CurrentThreadScheduler.Instance })
                {
                    foreach (bool singleWriter in new[] { false, true })
                    {
                        yield return new TestCaseData(
                                () => new EventStream<int>(new() { Retention = retention, Scheduler = scheduler, SingleWriter = singleWriter }), fails)
                            .SetArgDisplayNames($"{retention}", scheduler?.GetType().Name ?? "inline", $"{singleWriter}", $"{fails}");
                    }
                }
            }
        }
    }

    [TestCaseSource(nameof(Subjects))]
    public void Subscribe_TheObserverDisposesAtTheEnd_Returns(Func<ISubject<int>> create, bool fails)
    {
        ISubject<int> subject = create();
        subject.OnNext(1);
        End(subject, fails);
        int ends = 0;

        IDisposable subscription = subject.Subscribe(Observer.Create<int>(static _ => { }, _ => DisposeAtEnd(), DisposeAtEnd));

        Assert.That(ends, Is.EqualTo(1));
        Assert.That(subscription.Dispose, Throws.Nothing);

        void DisposeAtEnd()
        {
            ends++;
            ((IDisposable)subject).Dispose();
        }
    }

    [TestCaseSource(nameof(Subjects))]
    public void Subscribe_TheObserverDisposesInTheReplay_Returns(Func<ISubject<int>> create, bool fails)
    {
        ISubject<int> subject = create();
        subject.OnNext(1);
        subject.OnNext(2);
        if (fails)
        {
            End(subject, fails);
        }

        int events = 0;
        IDisposable subscription = subject.Subscribe(Observer.Create<int>(
            _ =>
            {
                events++;
                ((IDisposable)subject).Dispose();
            },
            static _ => { }));

        if (subscription is EventSubscription ours && subject is EventStream<int> { IsDisposed: true })
        {
            Assert.That(ours.IsDisposed, Is.True);
            Assert.That(events, Is.EqualTo(1));
        }

        Assert.That(subscription.Dispose, Throws.Nothing);
    }

    [Test]
    public void AsObservable_TheObserverDisposesTheProjectionInItsFirstCall_GetsNothingMore(
        [Values] bool disposesStream, [Values("open", "completed", "failed")] string end)
    {
        var stream = new EventStream<int>();
        EventProjection<int, int> projection = stream.ToProjection(0, static (sum, value) => sum + value);
        stream.OnNext(1);
        if (end != "open")
        {
            End(stream, fails: end == "failed");
        }

        var log = new List<string>();

        IDisposable subscription = projection.AsObservable().Subscribe(
            state =>
            {
                log.Add($"{state}");
                (disposesStream ? (IDisposable)stream : projection).Dispose();
            },
            error => log.Add(error.Message),
            () => log.Add("|"));

        Assert.That(log, Is.EqualTo(["1"]));
        Assert.That(subscription.Dispose, Throws.Nothing);
        Assert.That(() => projection.AsObservable().Subscribe(static _ => { }), Throws.TypeOf<ObjectDisposedException>());
    }

    /// <summary>The observers that come after one that disposes the stream, or the projection, get nothing more.</summary>
    [Test]
    public void AsObservable_OneOfSeveralDisposesAtTheEnd_TheOthersAreNotTold(
        [Values("stream's", "projection's")] string observers, [Values] bool disposesStream, [Values("completed", "failed", "apply throws")] string end)
    {
        var stream = new EventStream<int>();
        EventProjection<int, int> projection = stream.ToProjection(0, static (sum, value) => value < 0 ? throw _error : sum + value);
        IObservable<int> observed = observers == "stream's" ? stream : projection.AsObservable();
        var ends = new List<int>();
        for (int i = 0; i < 3; i++)
        {
            int number = i;
            observed.Subscribe(static _ => { }, _ => Told(number), () => Told(number));
        }

        if (end == "apply throws")
        {
            stream.OnNext(-1);
        }

        if (observers == "stream's" || end != "apply throws")
        {
            End(stream, fails: end == "failed");
        }

        Assert.That(ends, Is.EqualTo(observers == "stream's" && !disposesStream ? [0, 1, 2] : new[] { 0, 1 }));

        void Told(int number)
        {
            ends.Add(number);
            if (number == 1)
            {
                (disposesStream ? (IDisposable)stream : projection).Dispose();
            }
        }
    }

    private static void End(ISubject<int> subject, bool fails)
    {
        if (fails)
        {
            subject.OnError(_error);
        }
        else
        {
            subject.OnCompleted();
        }
    }
}
