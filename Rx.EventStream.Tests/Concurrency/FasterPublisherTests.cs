using System.Reactive;
using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>An observer on the publishing thread, or a projection, that subscribes beside a publisher that is faster than it.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class FasterPublisherTests(StreamConfiguration configuration)
{
    /// <summary>How long the publisher and the observer take for an event: the observer some six times as long.</summary>
    private const int PublisherSpins = 10;
    private const int ObserverSpins = 60;

    private EventStream<int> _stream = null!;
    private long _first = -1;
    private long _calls;
    private int _gaps;

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    [Test]
    public void Subscribe_AtAPosition_ReturnsAndMissesNothing([Values] bool isOnCurrentThread)
    {
        _stream = configuration.Create<int>();
        EventSubscription? subscription = null;
        SubscribeWhilePublishing(() =>
            subscription = Scheduled(_stream.From(_stream.GetNextPosition()), isOnCurrentThread).Subscribe(Observer.Create<int>(Observe)));

        Assert.That((_gaps, subscription!.Lag, subscription.Sequence), Is.EqualTo((0, 0L, _stream.NextSequence)));
        Assert.That((_first + _calls, subscription.Delivered), Is.EqualTo((_stream.NextSequence, _calls)));
    }

    [Test]
    public void Subscribe_AtTheNextEvent_ReturnsAndMissesNothing([Values] bool isOnCurrentThread)
    {
        _stream = configuration.Create<int>();
        SubscribeWhilePublishing(() => Scheduled(_stream.AsObservable(), isOnCurrentThread).Subscribe(Observe));

        Assert.That((_gaps, _first + _calls), Is.EqualTo((0, _stream.NextSequence)));
    }

    [Test]
    public void Subscribe_WithAReplay_ReturnsAndMissesNothing([Values] bool isOnCurrentThread)
    {
        const int Retained = 1000;
        _stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter, SegmentCapacity = configuration.SegmentCapacity, Retention = Retention.All,
        });
        for (int i = 0; i < Retained; i++)
        {
            _stream.OnNext(i);
        }

        SubscribeWhilePublishing(() => Scheduled(_stream.AsObservable(), isOnCurrentThread).Subscribe(Observe));

        Assert.That((_gaps, _first, _calls), Is.EqualTo((0, 0L, _stream.NextSequence)));
    }

    [Test]
    public void ToProjection_NothingRetained_ReturnsAndFoldsAll()
    {
        _stream = configuration.Create<int>();
        EventProjection<int, int>? projection = null;
        SubscribeWhilePublishing(() => projection = _stream.ToProjection(-1, Fold));

        Assert.That((projection!.State, projection.Sequence, _gaps), Is.EqualTo(((int)_stream.NextSequence - 1, _stream.NextSequence, 0)));

        int Fold(int state, int value)
        {
            Observe(value);
            return value;
        }
    }

    private static EventObservable<int> Scheduled(EventObservable<int> source, bool isOnCurrentThread) =>
        isOnCurrentThread ? source.ObserveOn(CurrentThreadScheduler.Instance) : source;

    /// <summary>Publishes until the subscriber has returned, and a hundred events more.</summary>
    private void SubscribeWhilePublishing(Action subscribe)
    {
        bool hasJoined = false;
        var subscriber = new Thread(() =>
        {
            subscribe();
            Volatile.Write(ref hasJoined, true);
        }) { IsBackground = true };
        bool isOver = false;
        var publisher = new Thread(() =>
        {
            int left = 100;
            for (int value = (int)_stream.NextSequence; left > 0 && !Volatile.Read(ref isOver); value++)
            {
                _stream.OnNext(value);
                Thread.SpinWait(PublisherSpins);
                left -= Volatile.Read(ref hasJoined) ? 1 : 0;
            }
        }) { IsBackground = true };
        publisher.Start();
        Race.Await(() => _stream.NextSequence > 10_000, "the publisher");
        subscriber.Start();
        try
        {
            Race.Await(() => Volatile.Read(ref hasJoined), "the subscriber to return");
        }
        finally
        {
            Volatile.Write(ref isOver, !Volatile.Read(ref hasJoined));
            publisher.Join();
        }
    }

    private void Observe(int value)
    {
        _first = _first < 0 ? value : _first;
        _gaps += value == _first + _calls ? 0 : 1;
        _calls++;
        Thread.SpinWait(ObserverSpins);
    }
}
