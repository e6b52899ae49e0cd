namespace Rx.Tests.Concurrency;

/// <summary>A stream, and an observer of it that keeps what it got.</summary>
internal sealed class Observed(EventStream<int> stream)
{
    public EventStream<int> Stream { get; } = stream;

    public Recorder<int> Observer { get; } = new();

    public EventPosition<int>? Start { get; set; }

    public EventSubscription? Subscription { get; private set; }

    public void Subscribe(EventObservable<int> view) => Subscription = (EventSubscription)view.Subscribe(Observer);

    /// <summary>Everything from the first event it got to the last one published, and nothing owed.</summary>
    public void CheckAllFromTheFirst(int count)
    {
        Race.Await(() => Subscription!.Lag == 0, $"the rest of the events, {Subscription!.Lag} of {count}");
        int got = Observer.Count;
        Assert.That(Observer.Events, Is.EqualTo(Enumerable.Range(count - got, got)));
        Assert.That(Observer.Breach, Is.Null);
        Subscription.Dispose();
    }
}
