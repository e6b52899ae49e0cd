using System.Reactive.Concurrency;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>What a pump's turn among the observers on the publishing thread must not show.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class PumpTurnTests(StreamConfiguration configuration)
{
    [Test]
    public void Subscriptions_ObserverInTurn_ListedOnce()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventSubscription first = stream.ObserveOn(new HistoricalScheduler()).WithName("first").Subscribe(new RecordingObserver<int>());
        stream.WithName("second").Subscribe(new RecordingObserver<int>());

        Assert.That(stream.Subscriptions.Select(s => s.Name), Is.EqualTo(new[] { "second", "first" }));
    }

    [Test]
    public void Totals_ObserverInTurn_CountedOnceWhileSubscribedAndAfterwards()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>());
        stream.OnNextRange([1, 2, 3]);

        Assert.That(((IMeteredStream)stream).Totals.Delivered, Is.EqualTo(3));
        subscription.Dispose();
        Assert.That(((IMeteredStream)stream).Totals.Delivered, Is.EqualTo(3));
    }

    [Test]
    public void Dispose_ObserverInTurn_StreamHasNoObserversAndKeepsNoEvents()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = stream.ObserveOn(new HistoricalScheduler()).Subscribe(new RecordingObserver<int>());
        stream.OnNextRange([.. Enumerable.Range(0, 5_000)]);
        Assert.That(stream.HasObservers, Is.True);

        subscription.Dispose();
        stream.OnNext(5_000);
        stream.OnNext(5_001);

        Assert.That(stream.HasObservers, Is.False);
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2));
    }

    [Test]
    public void OnNext_SchedulerOfObserverInTurnThrows_OthersGetTheEventAndOnNextThrows()
    {
        using EventStream<int> stream = configuration.Create<int>();
        RecordingObserver<int> first = new(), last = new();
        var error = new InvalidOperationException();
        stream.Subscribe(first);
        EventSubscription failed =
            stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw error));
        stream.Subscribe(last);

        InvalidOperationException? thrown = Assert.Throws<InvalidOperationException>(() => stream.OnNext(1));
        stream.OnNext(2);

        Assert.That(thrown, Is.SameAs(error));
        Assert.That((failed.IsDisposed, failed.Error), Is.EqualTo((true, error)));
        Assert.That(first.Values.Concat(last.Values), Is.EqualTo(new[] { 1, 2, 1, 2 }));
    }

    /// <summary>The thread that grants an event may be so slow that the pump has delivered the event when it is woken for it.</summary>
    [Test]
    public void WakeFor_EventIsDelivered_SchedulesNoAction()
    {
        var scheduler = new ManualScheduler();
        using EventStream<int> stream = configuration.Create<int>();
        var pump = (Pump<int>)stream.ObserveOn(scheduler, maxBatch: 1).Subscribe(new RecordingObserver<int>());
        stream.OnNext(1);
        scheduler.RunAll();

        pump.WakeFor(before: 0, granted: 1);

        Assert.That(scheduler.Count, Is.Zero, "A later event would use the action ahead of its turn.");
        stream.OnNext(2);
        Assert.That(scheduler.Count, Is.EqualTo(1), "The pump sleeps, and can be woken.");
    }

    /// <summary>While an earlier event waits, the pump schedules itself: the thread that grants has gone on to other pumps since.</summary>
    [Test]
    public void WakeFor_EarlierEventWaits_LeavesItToThePump()
    {
        var scheduler = new ManualScheduler();
        using EventStream<int> stream = configuration.Create<int>();
        var pump = (Pump<int>)stream.ObserveOn(scheduler, maxBatch: 1).Subscribe(new RecordingObserver<int>());

        pump.WakeFor(before: 1, granted: 2);

        Assert.That(scheduler.Count, Is.Zero);
    }

    [Test]
    public void OnNext_SchedulerRunsLate_OneActionForEachPumpAndEvent()
    {
        var scheduler = new ManualScheduler();
        using EventStream<int> stream = configuration.Create<int>();
        RecordingObserver<int> first = new(), second = new();
        stream.ObserveOn(scheduler, maxBatch: 1).Subscribe(first);
        stream.ObserveOn(scheduler, maxBatch: 1).Subscribe(second);

        stream.OnNextRange([1, 2]);
        stream.OnNext(3);

        Assert.That(scheduler.Count, Is.EqualTo(2));
        int actions = 0;
        for (; scheduler.Count > 0; actions++)
        {
            scheduler.RunOne();
        }

        Assert.That(actions, Is.EqualTo(6));
        Assert.That(first.Values.Concat(second.Values), Is.EqualTo(new[] { 1, 2, 3, 1, 2, 3 }));
    }

    [Test]
    public void OnCompleted_ObserversInTurn_EndInSubscriptionOrder()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var log = new List<string>();
        stream.Subscribe(_ => { }, () => log.Add("a"));
        stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(_ => { }, () => log.Add("b"));
        stream.Subscribe(_ => { }, () => log.Add("c"));

        stream.OnNext(1);
        stream.OnCompleted();

        Assert.That(log, Is.EqualTo(new[] { "a", "b", "c" }));
        Assert.That(stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void OnNext_ObserverInTurnPublishes_AllGetItAfterTheEvent()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var log = new List<string>();
        stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(value =>
        {
            log.Add($"a{value}");
            if (value == 1)
            {
                stream.OnNext(2);
            }
        });
        stream.Subscribe(value => log.Add($"b{value}"));

        stream.OnNext(1);

        Assert.That(log, Is.EquivalentTo(new[] { "a1", "a2", "b1", "b2" }));
        Assert.That(log.IndexOf("b1"), Is.LessThan(log.IndexOf("b2")));
    }
}
