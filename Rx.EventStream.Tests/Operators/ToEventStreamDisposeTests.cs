using System.Reactive.Disposables;
using System.Reactive.Subjects;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>A source never meets a disposed stream: disposing the stream of <c>ToEventStream</c> does not throw into the source.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ToEventStreamDisposeTests(StreamConfiguration configuration)
{
    [Test]
    public void Dispose_SourceGoesOn_IsIgnored()
    {
        IObserver<int>? feed = null;
        EventStream<int> stream = new Source(observer =>
        {
            feed = observer;
            return Disposable.Empty;
        }).ToEventStream(configuration.Options);
        var observer = new RecordingObserver<int>();
        stream.Subscribe(observer);
        feed!.OnNext(1);

        stream.Dispose();

        Assert.That(() => feed.OnNext(2), Throws.Nothing);
        Assert.That(() => feed.OnError(Marbles.Error), Throws.Nothing);
        Assert.That(feed.OnCompleted, Throws.Nothing);
        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(observer.Error, Is.Null);
        Assert.That(() => stream.OnNext(3), Throws.InstanceOf<ObjectDisposedException>(), "Only the source is spared.");
    }

    [Test]
    public void Dispose_WhileTheSourcePublishes_DoesNotThrow([Values] bool hasObserver) =>
        Race.Run(
            2_000,
            () => new Feeding(configuration, hasObserver),
            static state => state.Publish(5),
            static state => state.Stream.Dispose(),
            static state =>
            {
                Assert.That(state.Seen, Is.Ordered.And.Unique);
                Assert.That(state.Stream.Log.CountSegments(), Is.Zero);
            });

    [Test]
    public void Dispose_UnsubscribingThrows_EndsTheStreamAllTheSame()
    {
        EventStream<int> stream = new Source(_ => Disposable.Create(() => throw Marbles.Error)).ToEventStream(configuration.Options);
        IDisposable subscription = stream.Subscribe(_ => { });

        Assert.That(stream.Dispose, Throws.Exception.SameAs(Marbles.Error));

        Assert.That(stream.IsDisposed, Is.True);
        Assert.That(((EventSubscription)subscription).IsDisposed, Is.True);
        Assert.That(stream.Dispose, Throws.Nothing);
    }

    /// <summary>A source that publishes and unsubscribes under one lock, as sources do, while its thread waits for a full subscriber.</summary>
    [Test]
    public async Task Dispose_SourceWaitsForRoom_FreesIt()
    {
        var gate = new Lock();
        IObserver<int>? feed = null;
        EventStream<int> stream = new Source(observer =>
        {
            feed = observer;
            return Disposable.Create(() =>
            {
                lock (gate)
                {
                }
            });
        }).ToEventStream(configuration.Options);
        stream.ObserveOn(new ManualScheduler()).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(_ => { });
        Task publishing = Eventually.OnThread(() =>
        {
            lock (gate)
            {
                feed!.OnNext(1);
                feed.OnNext(2);
            }
        });
        Eventually.IsTrue(() => stream.NextSequence == 1, "The first event is published.");

        await Eventually.Ends(Task.Run(stream.Dispose));

        await Eventually.Ends(publishing);
    }

    private sealed class Feeding
    {
        private readonly Subject<int> _source = new();

        internal Feeding(StreamConfiguration configuration, bool hasObserver)
        {
            Stream = _source.ToEventStream(configuration.Options);
            if (hasObserver)
            {
                Stream.Subscribe(Seen.Add);
            }
        }

        internal EventStream<int> Stream { get; }

        internal List<int> Seen { get; } = [];

        internal void Publish(int count)
        {
            for (int i = 0; i < count; i++)
            {
                _source.OnNext(i);
            }
        }
    }

    private sealed class Source(Func<IObserver<int>, IDisposable> subscribe) : IObservable<int>
    {
        public IDisposable Subscribe(IObserver<int> observer) => subscribe(observer);
    }
}
