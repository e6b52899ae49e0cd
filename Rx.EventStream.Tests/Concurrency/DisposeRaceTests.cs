using System.Reactive.Concurrency;
using Rx.Storage;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>A stream or subscription is disposed, and forgets its events, while other threads publish, subscribe, join and deliver.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class DisposeRaceTests(StreamConfiguration configuration)
{
    private const int Rounds = 1_000;
    private const int Events = 5;

    [Test]
    public void DisposeStream_WhilePublishing_LetsEverythingGo([Values] bool hasObservers, [Values] bool isRetaining) =>
        Race.Run(
            Rounds,
            () => new Disposing(configuration, hasObservers, isRetaining),
            static state => state.Publish(),
            static state => state.Stream.Dispose(),
            static state => state.Check());

    [Test]
    public void DisposeStream_WhileSubscribing_LetsEverythingGo([Values] bool isRetaining, [Values] bool isBounded, [Values] bool isScheduled) =>
        Race.Run(
            isScheduled || isBounded ? Rounds : 10 * Rounds, // the first inline observer makes the delivery, which disposing clears
            () => new Disposing(configuration, hasObservers: false, isRetaining),
            state => Disposing.UntilDisposed(() =>
            {
                EventObservable<object> events = isScheduled || isBounded ? state.Stream.ObserveOn(new HistoricalScheduler()) : state.Stream.AsObservable();
                (isBounded ? events.WithLagPolicy(LagPolicy.DropOldest(3)) : events).Subscribe(new RecordingObserver<object>());
            }),
            static state => state.Stream.Dispose(),
            static state => state.Check());

    [Test]
    public void DisposeStream_WhileJoining_ThrowsNothingElse([Values] bool isRetaining) =>
        Race.Run(
            Rounds,
            () => new Disposing(configuration, hasObservers: false, isRetaining),
            static state => Disposing.UntilDisposed(() =>
            {
                state.Stream.GetNextPosition().Dispose();
                state.Stream.GetOldestPosition().Dispose();
                state.Stream.TryGetPosition(0, out EventPosition<object>? position);
                position?.Dispose();
                _ = state.Stream.OldestSequence;
                using EventReader<object> reader = state.Stream.WithLagPolicy(LagPolicy.Latest).OpenReader();
            }),
            static state => state.Stream.Dispose(),
            static state => state.Check());

    /// <summary>Each kind of observer asks its subscription for what it has forgotten once it is disposed.</summary>
    [Test]
    public void DisposeSubscription_WhileItsObserverIsCalled_NumbersAndBatchesAreRight([Values] bool isReplaying) =>
        Race.Run(
            Rounds,
            () => new Observing(configuration, isReplaying),
            static state => state.Publish(),
            static state => state.Dispose(),
            static state => state.Check());

    private sealed class Disposing
    {
        private readonly RecordingObserver<object> _first = new();
        private readonly RecordingObserver<object> _second = new();

        internal Disposing(StreamConfiguration configuration, bool hasObservers, bool isRetaining)
        {
            Stream = new EventStream<object>(new EventStreamOptions
            {
                SingleWriter = configuration.SingleWriter,
                SegmentCapacity = configuration.SegmentCapacity,
                Retention = isRetaining ? Retention.Count(3) : Retention.None,
            });
            if (hasObservers)
            {
                Stream.Subscribe(_first);
                Stream.Subscribe(_second);
            }

            Stream.OnNext("before");
        }

        internal EventStream<object> Stream { get; }

        internal static void UntilDisposed(Action action)
        {
            try
            {
                action();
            }
            catch (ObjectDisposedException)
            {
            }
        }

        internal void Publish() => UntilDisposed(() =>
        {
            Stream.OnNext("a");
            Stream.OnNextRange(["b", "c", "d"]);
            for (int i = 0; i < Events; i++)
            {
                Stream.OnNext("e");
            }
        });

        internal void Check()
        {
            Assert.That(Stream.Log.CountSegments(), Is.Zero);
            Assert.That(Stream.Log.Tail, Is.SameAs(Segment<object>.Cut));
            Assert.That(Stream.Subscriptions, Is.Empty);
            Assert.That(Stream.NextSequence, Is.GreaterThanOrEqualTo(1));
            Assert.That(Stream.OldestSequence, Is.EqualTo(Stream.NextSequence));
            Assert.That(() => Stream.OnNext("late"), Throws.InstanceOf<ObjectDisposedException>());
        }
    }

    private sealed class Observing
    {
        private readonly List<Sequenced<int>> _sequenced = [];
        private readonly List<ReadOnlyMemory<int>> _batched = [];
        private readonly EventStream<int> _stream;
        private readonly IDisposable[] _subscriptions;

        internal Observing(StreamConfiguration configuration, bool isReplaying)
        {
            _stream = new EventStream<int>(new EventStreamOptions
            {
                SingleWriter = configuration.SingleWriter,
                SegmentCapacity = configuration.SegmentCapacity,
                Retention = isReplaying ? Retention.All : Retention.None,
            });
            _stream.OnNext(0);
            _subscriptions =
            [
                _stream.WithSequence().Subscribe(_sequenced.Add),
                _stream.Batch(10).Subscribe(_batched.Add),
                _stream.ObserveOn(DefaultScheduler.Instance).Subscribe(_ => { }),
                _stream.ObserveOn(TaskPoolScheduler.Default).Batch(3).Subscribe(_ => { }),
            ];
        }

        internal void Publish()
        {
            for (int i = 1; i <= Events; i++)
            {
                _stream.OnNext(i);
            }
        }

        internal void Dispose()
        {
            foreach (IDisposable subscription in _subscriptions)
            {
                subscription.Dispose();
            }
        }

        internal void Check()
        {
            Assert.That(_sequenced.Select(s => s.Sequence), Is.EqualTo(_sequenced.Select(s => (long)s.Value)));
            Assert.That(_batched.Select(b => b.Length), Is.All.EqualTo(1));
            Assert.That(_batched.Select(b => b.Span[0]), Is.Ordered.And.Unique);
            Assert.That(_stream.HasObservers, Is.False);
            foreach (EventSubscription subscription in _subscriptions.Cast<EventSubscription>())
            {
                Assert.That(subscription.Lag, Is.Zero);
                Assert.That(subscription.Delivered, Is.InRange(0, Events + 1));
            }
        }
    }
}
