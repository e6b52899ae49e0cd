using System.Reactive;
using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>Observers that throw at the end of the stream.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ThrowingAtTheEndTests(StreamConfiguration configuration)
{
    /// <summary>The subscription has ended before, on every scheduler.</summary>
    [Test]
    public async Task OnCompleted_ObserverThrows_SubscriptionHasNoError([Values("none", "immediate", "current thread", "clock", "handler")] string scheduler)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var clock = new HistoricalScheduler();
        EventObservable<int> observable = scheduler switch
        {
            "immediate" => stream.ObserveOn(ImmediateScheduler.Instance),
            "current thread" => stream.ObserveOn(CurrentThreadScheduler.Instance),
            "clock" => stream.ObserveOn(clock),
            _ => stream.AsObservable(),
        };
        IScheduler quiet = TaskPoolScheduler.Default.Catch<FormatException>(_ => true);
        EventSubscription subscription = scheduler == "handler"
            ? observable.ObserveOn(quiet).SubscribeAwait((_, _) => default, new() { OnCompleted = () => throw new FormatException() })
            : (EventSubscription)observable.Subscribe(Observer.Create<int>(_ => { }, () => throw new FormatException()));

        _ = Thrown.By(() =>
        {
            stream.OnCompleted();
            clock.Start();
        });
        await Eventually.Ends(subscription.WhenEndedAsync());

        Assert.That((subscription.Error, subscription.HasFailed), Is.EqualTo(((Exception?)null, false)));
    }

    /// <summary>The exception leaves <c>Subscribe</c>, as with Rx's <c>ReplaySubject</c>.</summary>
    [Test]
    public async Task Subscribe_AfterTheEndAndTheObserverThrowsAtIt_ItsExceptionLeavesSubscribe(
        [Values] bool isError, [Values(0, 1, 3)] int retained, [Values] bool fromPosition)
    {
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
            Retention = Retention.Count(10),
        });
        using EventPosition<int> position = stream.GetNextPosition();
        for (int i = 0; i < retained; i++)
        {
            stream.OnNext(i);
        }

        if (isError)
        {
            stream.OnError(new TimeoutException());
        }
        else
        {
            stream.OnCompleted();
        }

        var values = new List<int>();
        EventSubscription? subscription = null;
        IObserver<int> observer = Observer.Create<int>(
            value =>
            {
                values.Add(value);
                subscription ??= stream.Subscriptions.SingleOrDefault();
            },
            error => throw new FormatException("At the error.", error),
            () => throw new FormatException("At the end."));

        Assert.Throws<FormatException>(() => (fromPosition ? stream.From(position) : stream.AsObservable()).Subscribe(observer));

        Assert.That(values, Is.EqualTo(Enumerable.Range(0, retained)));
        Assert.That(stream.Subscriptions, Is.Empty);
        Assert.That((stream.HasObservers, subscription?.IsDisposed ?? true), Is.EqualTo((false, true)));
        await Eventually.Ends(stream.WhenCaughtUpAsync());
        await Eventually.Ends(subscription?.WhenEndedAsync() ?? Task.CompletedTask);
    }
}
