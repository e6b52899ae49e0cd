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

        IDisposable subscription = subject.Subscribe(Observer.Create<int>(_ => ((IDisposable)subject).Dispose(), static _ => { }));

        if (subscription is EventSubscription ours && subject is EventStream<int> { IsDisposed: true })
        {
            Assert.That(ours.IsDisposed, Is.True);
        }

        Assert.That(subscription.Dispose, Throws.Nothing);
    }

    [Test]
    public void AsObservable_TheObserverDisposesTheProjectionInItsFirstCall_Returns([Values] bool disposesStream)
    {
        var stream = new EventStream<int>();
        EventProjection<int, int> projection = stream.ToProjection(0, static (sum, value) => sum + value);
        stream.OnNext(1);
        var states = new List<int>();

        IDisposable subscription = projection.AsObservable().Subscribe(state =>
        {
            states.Add(state);
            (disposesStream ? (IDisposable)stream : projection).Dispose();
        });

        Assert.That(states, Is.EqualTo([1]));
        Assert.That(subscription.Dispose, Throws.Nothing);
        Assert.That(() => projection.AsObservable().Subscribe(static _ => { }), Throws.TypeOf<ObjectDisposedException>());
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
