using System.Reactive;

namespace Rx.Tests.Contract;

/// <summary>Observers that throw at the end of the stream.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ThrowingAtTheEndTests(StreamConfiguration configuration)
{
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
