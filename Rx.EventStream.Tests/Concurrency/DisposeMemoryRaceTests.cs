using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>The first subscriber joins at the moment when another thread disposes the stream, which stays referenced.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[NonParallelizable]
[Category("Slow")]
internal sealed class DisposeMemoryRaceTests(StreamConfiguration configuration)
{
    private const int Rounds = 2_000;

    [Test]
    public void DisposeStream_FirstSubscriberJoins_KeepsNoEvent(
        [Values("observer", "of a position", "on a clock", "that drops", "on the current thread", "handler", "reader", "reader that drops", "projection")] string joining,
        [Values] bool isRetaining)
    {
        var streams = new List<EventStream<object>>();
        List<WeakReference> events = JoinAndDispose(joining, isRetaining, streams);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.That(events.Count(e => e.IsAlive), Is.Zero);
        GC.KeepAlive(streams);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private List<WeakReference> JoinAndDispose(string joining, bool isRetaining, List<EventStream<object>> streams)
    {
        var events = new List<WeakReference>();
        EventStream<object> stream = null!;
        EventPosition<object> position = null!;
        TightRace.Run(
            Rounds,
            () =>
            {
                stream = new EventStream<object>(new EventStreamOptions
                {
                    SingleWriter = configuration.SingleWriter,
                    SegmentCapacity = configuration.SegmentCapacity,
                    Retention = isRetaining ? Retention.Count(3) : Retention.None,
                });
                position = stream.GetNextPosition();
                stream.OnNext(Event());
                streams.Add(stream);
            },
            () =>
            {
                try
                {
                    using IDisposable subscription = Join(stream, position, joining);
                    stream.OnNext(Event());
                }
                catch (ObjectDisposedException)
                {
                    // disposed before
                }
            },
            () => stream.Dispose(),
            () =>
            {
                position.Dispose();
                return null;
            });
        return events;

        object Event()
        {
            object value = new();
            events.Add(new WeakReference(value));
            return value;
        }
    }

    private static IDisposable Join(EventStream<object> stream, EventPosition<object> position, string joining) => joining switch
    {
        "observer" => stream.Subscribe(static _ => { }),
        "of a position" => position.AsObservable().Subscribe(static _ => { }),
        "on a clock" => stream.ObserveOn(new HistoricalScheduler()).Subscribe(static _ => { }),
        "that drops" => stream.ObserveOn(new HistoricalScheduler()).WithLagPolicy(LagPolicy.DropOldest(3)).Subscribe(static _ => { }),
        "on the current thread" => stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(static _ => { }),
        "handler" => stream.ObserveOn(new HistoricalScheduler()).SubscribeAwait(static (_, _) => default),
        "reader" => stream.OpenReader(),
        "reader that drops" => stream.WithLagPolicy(LagPolicy.DropOldest(3)).OpenReader(),
        _ => stream.ToProjection(0, static (count, _) => count + 1),
    };
}
