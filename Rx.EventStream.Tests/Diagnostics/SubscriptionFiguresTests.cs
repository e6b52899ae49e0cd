using Rx.Tests.Concurrency;

namespace Rx.Tests.Diagnostics;

/// <summary>The list of subscriptions, and their figures.</summary>
[TestFixture]
internal sealed class SubscriptionFiguresTests
{
    private static readonly TimeSpan _clockResolution = TimeSpan.FromMilliseconds(50);

    private readonly ManualScheduler _manual = new();

    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Subscriptions_InlineAndScheduled_ReportFigures()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        _stream.OnNext(0);
        _stream.AsObservable().WithName("inline").Subscribe(_ => { });
        _stream.ObserveOn(_manual).WithName("slow").Subscribe(_ => { });
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.DropOldest(2)).WithName("lossy").Subscribe(_ => { });
        _stream.OnNextRange([1, 2, 3, 4]);

        Assert.That(Figures(), Is.EqualTo(new[] { ("inline", 5L, 0L, 4L, 0L), ("slow", 1, 4, 0, 0), ("lossy", 1, 4, 0, 0) }));
        _manual.RunAll();
        Assert.That(Figures(), Is.EqualTo(new[] { ("inline", 5L, 0L, 4L, 0L), ("slow", 5, 0, 4, 0), ("lossy", 5, 0, 2, 2) }));
        Assert.That(_stream.Subscriptions.Select(s => s.SubscribedAt), Is.All.InRange(before - _clockResolution, DateTimeOffset.UtcNow + _clockResolution));
    }

    [Test]
    public void Subscriptions_Disposed_LeavesTheList([Values] bool isScheduled)
    {
        EventObservable<int> observable = isScheduled ? _stream.ObserveOn(_manual) : _stream.AsObservable();
        var subscription = (EventSubscription)observable.Subscribe(_ => { });
        bool hadObservers = _stream.HasObservers;
        IReadOnlyList<EventSubscription> snapshot = _stream.Subscriptions;

        subscription.Dispose();

        Assert.That(hadObservers, Is.True);
        Assert.That(_stream.HasObservers, Is.False);
        Assert.That(_stream.Subscriptions, Is.Empty);
        Assert.That(snapshot, Has.Count.EqualTo(1));
        Assert.That((subscription.IsDisposed, subscription.Lag), Is.EqualTo((true, 0)));
    }

    [Test]
    public void HasObservers_ReadersOnlyOrEnded_False()
    {
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        Assert.That(_stream.HasObservers, Is.False);
        _stream.Subscribe(_ => { });
        Assert.That(_stream.HasObservers, Is.True);

        _stream.OnCompleted();

        Assert.That(_stream.HasObservers, Is.False);
    }

    private (string? Name, long Sequence, long Lag, long Delivered, long Dropped)[] Figures() =>
        [.. _stream.Subscriptions.Select(s => (s.Name, s.Sequence, s.Lag, s.Delivered, s.Dropped))];
}
