using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>The list of subscriptions moves to a new array as subscriptions come and go. A thread that walks over it must not be affected.</summary>
[TestFixture]
internal sealed class SubscriptionListTests
{
    private const int Count = 200;

    [Test]
    public void OnNext_ManySubscribedAndLeft_RestKeepTheirOrder([Values] bool isSingleWriter)
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
    public void OnNext_MostLeaveDuringEvent_OnlyTheRestGetItOnce([Values] bool isSingleWriter)
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
    public void OnNext_MostLeaveThenObserverThrows_TheRestGetItOnce([Values] bool isSingleWriter, [Values(0, 1, 5)] int before)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        var error = new InvalidOperationException();
        var early = new RecordingObserver<int>();
        var leaver = new RecordingObserver<int>();
        RecordingObserver<int>[] stayers = [.. Enumerable.Range(0, before + 2).Select(_ => new RecordingObserver<int>())];
        var subscriptions = new List<IDisposable>();
        for (int i = 0; i < before; i++)
        {
            stream.Subscribe(stayers[i]);
            subscriptions.Add(stream.Subscribe(early));
        }

        stream.Subscribe(value =>
        {
            if (value == 1)
            {
                subscriptions.ForEach(s => s.Dispose());
                throw error;
            }
        });
        stream.Subscribe(stayers[before]);
        for (int i = 0; i < Count; i++)
        {
            subscriptions.Add(stream.Subscribe(leaver));
        }

        stream.Subscribe(stayers[before + 1]);
        stream.OnNext(0);
        Exception? thrown = Assert.Catch(() => stream.OnNext(1));
        stream.OnNext(2);

        Assert.That(thrown, Is.SameAs(error));
        Assert.That(early.Values, Is.EqualTo(Enumerable.Repeat(0, before).Concat(Enumerable.Repeat(1, before))));
        Assert.That(leaver.Values, Is.EqualTo(Enumerable.Repeat(0, Count)));
        Assert.That(stayers.Select(s => s.Values), Is.All.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void OnNext_ObserverSubscribesAnotherAndThrows_NoEventTwice([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        var first = new RecordingObserver<int>();
        var late = new RecordingObserver<int>();
        IDisposable[] gone = [.. Enumerable.Range(0, Count).Select(_ => stream.Subscribe(_ => { }))];
        stream.Subscribe(value =>
        {
            first.OnNext(value);
            if (value == 1)
            {
                stream.Subscribe(late);
                stream.OnNext(2);
                throw new InvalidOperationException();
            }
        });
        stream.OnNext(0);
        Array.ForEach(gone, s => s.Dispose());

        Assert.That(() => stream.OnNext(1), Throws.InvalidOperationException);
        stream.OnNext(3);

        Assert.That(first.Values, Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(late.Values, Is.EqualTo(new[] { 2, 3 }));
    }

    [Test]
    public void Delivered_DisposedDuringEvent_CountsItIfItWasCalled([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        EventSubscription[] subscriptions = [];
        void LeaveAll(int value)
        {
            if (value == 1)
            {
                Array.ForEach(subscriptions, s => s.Dispose());
            }
        }

        subscriptions = [.. new Action<int>[] { _ => { }, LeaveAll, _ => { } }.Select(action => (EventSubscription)stream.Subscribe(action))];
        stream.OnNext(0);
        stream.OnNext(1);

        Assert.That(subscriptions.Select(s => s.Delivered), Is.EqualTo(new[] { 2, 2, 1 }));
    }

    [Test]
    public void OnNext_SubscribedAfterAllLeft_GetsTheEvent([Values] bool isSingleWriter)
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
