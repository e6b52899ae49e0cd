using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>The connection of <c>Share</c> survives what a source or an observer throws, and is released at its end.</summary>
[TestFixture]
internal sealed class ShareConnectionTests
{
    [Test]
    public void Share_FirstObserverThrowsWhileConnecting_TheNextStartsAgain()
    {
        IObservable<int> shared = Observable.Range(1, 2).Share();
        var next = new RecordingObserver<int>();

        Assert.That(() => shared.Subscribe(_ => throw Marbles.Error), Throws.Exception.SameAs(Marbles.Error));
        shared.Subscribe(next);

        Assert.That(next.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(next.IsCompleted, Is.True);
    }

    [Test]
    public void Share_ConnectingThrows_TheNextStartsAgain()
    {
        int subscriptions = 0;
        var source = new Subject<int>();
        IObservable<int> shared = new Source(observer =>
        {
            observer.OnNext(0);
            subscriptions++;
            return source.Subscribe(observer);
        }).Share();
        var next = new RecordingObserver<int>();
        Assert.That(() => shared.Subscribe(_ => throw Marbles.Error, static _ => throw Marbles.Error), Throws.Exception.SameAs(Marbles.Error));

        shared.Subscribe(next);
        source.OnNext(1);

        Assert.That(next.Values, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(subscriptions, Is.EqualTo(1));
    }

    [Test]
    public void Share_ConnectingThrows_ObserversThatJoinedGetTheError()
    {
        var second = new RecordingObserver<int>();
        IObservable<int>? shared = null;
        shared = Observable.Range(1, 2).Do(_ => shared!.Subscribe(second)).Share();

        Assert.That(() => shared.Subscribe(_ => throw Marbles.Error), Throws.Exception.SameAs(Marbles.Error));

        Assert.That(second.Error, Is.SameAs(Marbles.Error));
    }

    [Test]
    public void Share_End_ReleasesTheSource([Values] bool hasError, [Values] bool isScheduled)
    {
        var scheduler = new ManualScheduler();
        IObserver<int>? feed = null;
        int disposals = 0;
        IObservable<int> shared = new Source(observer =>
        {
            feed = observer;
            return Disposable.Create(() => disposals++);
        }).Share(new EventStreamOptions { Scheduler = isScheduled ? scheduler : null });
        RecordingObserver<int> first = new(), second = new();
        shared.Subscribe(first);
        shared.Subscribe(second);

        if (hasError)
        {
            feed!.OnError(Marbles.Error);
        }
        else
        {
            feed!.OnCompleted();
        }

        scheduler.RunAll();
        Assert.That(disposals, Is.EqualTo(1));
        foreach (RecordingObserver<int> observer in new[] { first, second })
        {
            Assert.That((observer.IsCompleted, observer.Error), Is.EqualTo((!hasError, hasError ? Marbles.Error : null)));
        }
    }

    [Test]
    public void Share_UnsubscribingThrows_ObserversStillGetTheEnd([Values] bool isScheduled)
    {
        var scheduler = new ManualScheduler();
        var error = new InvalidOperationException();
        IObserver<int>? feed = null;
        IObservable<int> shared = new Source(observer =>
        {
            feed = observer;
            return Disposable.Create(() => throw error);
        }).Share(new EventStreamOptions { Scheduler = isScheduled ? scheduler : null });
        var observer = new RecordingObserver<int>();
        shared.Subscribe(observer);

        Assert.That(
            () =>
            {
                feed!.OnCompleted();
                scheduler.RunAll();
            },
            Throws.Exception.SameAs(error));

        Assert.That(observer.IsCompleted, Is.True);
    }

    /// <summary>The observer that finds a source which has ended, and cannot unsubscribe from it, does not join: the next connection does not count
    /// it.</summary>
    [Test]
    public void Share_UnsubscribingFromTheEndedSourceThrows_TheObserverIsNotCounted()
    {
        var scheduler = new ManualScheduler();
        IObserver<int>? feed = null;
        int connected = 0;
        bool throws = true;
        IObservable<int> shared = new Source(observer =>
        {
            feed = observer;
            connected++;
            return Disposable.Create(() =>
            {
                connected--;
                if (throws)
                {
                    throw Marbles.Error;
                }
            });
        }).Share(new EventStreamOptions { Scheduler = scheduler });
        shared.Subscribe();
        feed!.OnCompleted(); // the first observer learns of it when the scheduler runs

        Assert.That(() => shared.Subscribe(), Throws.Exception.SameAs(Marbles.Error));
        throws = false;
        scheduler.RunAll();
        IDisposable next = shared.Subscribe();
        Assert.That(connected, Is.EqualTo(1));
        next.Dispose();

        Assert.That(connected, Is.Zero);
    }

    /// <summary>As with <c>Replay(1).RefCount()</c>.</summary>
    [Test]
    public void Share_CompletedWithRetention_LateObserverReplays()
    {
        int subscriptions = 0;
        IObservable<int> source = Observable.Defer(() => Observable.Range(10 * ++subscriptions, 3));
        foreach (IObservable<int> shared in new[] { source.Replay(1).RefCount(), source.Share(new EventStreamOptions { Retention = Retention.Count(1) }) })
        {
            subscriptions = 0;
            shared.Subscribe();
            for (int i = 0; i < 2; i++)
            {
                var late = new RecordingObserver<int>();
                shared.Subscribe(late);
                Assert.That(late.Values, Is.EqualTo(new[] { 12 }));
                Assert.That(late.IsCompleted, Is.True);
            }

            Assert.That(subscriptions, Is.EqualTo(1));
        }
    }

    [Test]
    public void Share_FailedWithRetention_LateObserverStartsAgain()
    {
        int subscriptions = 0;
        IObservable<int> source = Observable.Defer(() =>
            ++subscriptions == 1 ? Observable.Return(1).Concat(Observable.Throw<int>(Marbles.Error)) : Observable.Return(2));
        IObservable<int> shared = source.Share(new EventStreamOptions { Retention = Retention.Count(1) });

        IList<int> seen = shared.Retry().ToList().Wait();

        Assert.That(seen, Is.EqualTo(new[] { 1, 2 }));
    }

    /// <summary>What <c>Share</c> without a retention does differently.</summary>
    [Test]
    public void PublishRefCount_Completed_LateObserverGetsTheEnd()
    {
        IObservable<int> shared = Observable.Return(1).Publish().RefCount();
        shared.Subscribe();
        var late = new RecordingObserver<int>();

        shared.Subscribe(late);

        Assert.That(late.Values, Is.Empty);
        Assert.That(late.IsCompleted, Is.True);
    }

    [Test]
    public void Share_CompletedWithoutRetention_LateObserverStartsAgain()
    {
        int subscriptions = 0;
        IObservable<int> shared = Observable.Defer(() => Observable.Return(++subscriptions)).Share();
        shared.Subscribe();
        var late = new RecordingObserver<int>();

        shared.Subscribe(late);

        Assert.That(late.Values, Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void ObserveOn_UnsubscribingThrows_LaggedObserverGetsTheError()
    {
        var scheduler = new ManualScheduler();
        var error = new InvalidOperationException();
        IObserver<int>? feed = null;
        var observer = new RecordingObserver<int>();
        new Source(source =>
        {
            feed = source;
            return Disposable.Create(() => throw error);
        }).ObserveOn(scheduler, LagPolicy.Fail(1)).Subscribe(observer);
        feed!.OnNext(1);
        feed.OnNext(2);

        Assert.That(scheduler.RunAll, Throws.Exception.SameAs(error));

        Assert.That(observer.Error, Is.InstanceOf<SubscriberLaggedException>());
    }

    private sealed class Source(Func<IObserver<int>, IDisposable> subscribe) : IObservable<int>
    {
        public IDisposable Subscribe(IObserver<int> observer) => subscribe(observer);
    }
}
