using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>The list of subscriptions moves to a new array as they come and go; who walks over it must not notice.</summary>
[TestFixture]
internal sealed class SubscriptionListTests
{
    private const int Count = 200;

    [Test]
    public void OnNext_ManyCameAndWent_TheOthersInTheOrderTheyCame([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        var called = new List<int>();
        IDisposable[] subscriptions = [.. Enumerable.Range(0, Count).Select(i => stream.Subscribe(_ => called.Add(i)))];

        for (int i = 0; i < Count; i++)
        {
            if (i % 3 != 0)
            {
                subscriptions[i].Dispose();
            }
        }

        stream.Subscribe(_ => called.Add(Count));
        stream.OnNext(0);

        Assert.That(called, Is.EqualTo(Enumerable.Range(0, Count).Where(i => i % 3 == 0).Append(Count)));
        Assert.That(stream.Subscriptions, Has.Count.EqualTo(called.Count));
    }

    [Test]
    public void OnNext_MostLeaveDuringTheEvent_TheRestGetItOnceAndTheLeaversNot([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        var subscriptions = new List<IDisposable>();
        var leaver = new RecordingObserver<int>();
        var stayer = new RecordingObserver<int>();
        var late = new RecordingObserver<int>();
        stream.Subscribe(value =>
        {
            if (value == 0)
            {
                subscriptions.ForEach(s => s.Dispose());
                stream.Subscribe(late);
            }
        });
        for (int i = 0; i < Count; i++)
        {
            subscriptions.Add(stream.Subscribe(leaver));
        }

        stream.Subscribe(stayer);
        stream.OnNext(0);
        stream.OnNext(1);

        Assert.That(leaver.Values, Is.Empty);
        Assert.That(stayer.Values, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(late.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void OnNext_EverybodyLeftAndSomebodyCame_GetsIt([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        for (int round = 0; round < 10; round++)
        {
            var observer = new RecordingObserver<int>();
            using IDisposable subscription = stream.Subscribe(observer);
            stream.OnNext(round);
            subscription.Dispose();
            stream.OnNext(-1);

            Assert.That(observer.Values, Is.EqualTo(new[] { round }));
        }
    }
}
