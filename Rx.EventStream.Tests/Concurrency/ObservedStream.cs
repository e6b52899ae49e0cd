namespace Rx.Tests.Concurrency;

/// <summary>A stream, and an observer of it that records what it gets.</summary>
internal sealed class ObservedStream(EventStream<int> stream)
{
    public EventStream<int> Stream { get; } = stream;

    public Recorder<int> Observer { get; } = new();

    public EventPosition<int>? Start { get; set; }

    public EventSubscription? Subscription { get; private set; }

    public void Subscribe(EventObservable<int> observable) => Subscription = (EventSubscription)observable.Subscribe(Observer);

    /// <summary>Asserts that the observer has caught up, and that it missed no event after the first one it got.</summary>
    public void CheckAllFromTheFirst(int count)
    {
        Race.Await(() => Subscription!.Lag == 0, $"the rest of the events, {Subscription!.Lag} of {count}");
        int got = Observer.Count;
        Assert.That(Observer.Events, Is.EqualTo(Enumerable.Range(count - got, got)));
        Assert.That(Observer.Breach, Is.Null);
        Subscription.Dispose();
    }
}
