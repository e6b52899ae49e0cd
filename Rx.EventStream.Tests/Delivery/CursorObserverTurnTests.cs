using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>An observer that takes events from the cursor itself, as batches and handlers do, heeds its turn among the others as a plain
/// observer does.</summary>
[TestFixture]
internal sealed class CursorObserverTurnTests
{
    public enum Kind
    {
        Plain,
        Batch,
        TimedBatch,
        Handler,
        KeyedHandler,
        HandlerOfBatches,
        Reporting,
        ByKey,
    }

    [Test]
    public async Task OnNext_ObserverEndsTheStream_ReturnsAndTheEndIsDelivered(
        [Values] Kind kind, [Values] bool isSingleWriter, [Values(1, 2, 64)] int capacity, [Values] bool fails, [Values] bool isVirtual)
    {
        var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter, SegmentCapacity = capacity });
        var clock = new HistoricalScheduler();
        var log = new List<string>();
        Subscribe(kind, stream, isVirtual ? clock : CurrentThreadScheduler.Instance, text =>
        {
            log.Add(text);
            if (fails)
            {
                stream.OnError(new InvalidOperationException("the end"));
            }
            else
            {
                stream.OnCompleted();
            }
        });

        await Eventually.Ends(Eventually.OnThread(() =>
        {
            stream.OnNext(1);
            clock.Start();
            stream.OnNext(2);
            clock.Start();
        }));

        Assert.That(log, Is.EqualTo(new[] { "1", "|" }));
    }

    [Test]
    public async Task Clock_MovedBeforeTheObserversTurn_DeliversAsRx([Values] Kind kind, [Values] bool isSingleWriter, [Values] bool ends)
    {
        var subject = new Subject<int>();
        var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });

        // What an observer publishes is delivered after the current event, where a subject calls the later observers first.
        List<string> expected = ends ? ["1", "moved", "published", "2", "|"] : await LogOf(subject, subject, ends, (clock, log) => subject.ObserveOn(clock).Subscribe(x => log($"{x}"), () => log("|")));
        List<string> ofStream = await LogOf(stream, stream, ends, (clock, log) => Subscribe(kind, stream, clock, log));

        Assert.That(ofStream, Is.EqualTo(expected));
    }

    /// <summary>What happens when an observer on the publishing thread, which subscribed first, moves the clock during its second
    /// event.</summary>
    private static async Task<List<string>> LogOf(
        IObservable<int> source, IObserver<int> target, bool ends, Func<HistoricalScheduler, Action<string>, IDisposable> subscribe)
    {
        var clock = new HistoricalScheduler();
        var log = new List<string>();
        source.Subscribe(x =>
        {
            if (x == 2)
            {
                if (ends)
                {
                    target.OnCompleted();
                }

                clock.Start();
                log.Add("moved");
            }
        });
        subscribe(clock, log.Add);

        await Eventually.Ends(Eventually.OnThread(() =>
        {
            target.OnNext(1);
            target.OnNext(2);
            log.Add("published");
            clock.Start();
        }));
        return log;
    }

    private static IDisposable Subscribe(Kind kind, EventStream<int> stream, IScheduler scheduler, Action<string> log)
    {
        EventObservable<int> onScheduler = stream.ObserveOn(scheduler);
        void Next(int value) => log($"{value}");
        void Ended() => log("|");
        void Failed(Exception error) => log("|");
        return kind switch
        {
            Kind.Batch => onScheduler.Batch(1).Subscribe(batch => Next(batch.Span[0]), Failed, Ended),
            Kind.TimedBatch => onScheduler.Batch(1, TimeSpan.FromTicks(1)).Subscribe(batch => Next(batch.Span[0]), Failed, Ended),
            Kind.Handler or Kind.KeyedHandler => onScheduler.SubscribeAwait(
                (value, _) =>
                {
                    Next(value);
                    return default;
                },
                new SubscribeAwaitOptions<int>
                {
                    PartitionKey = kind == Kind.KeyedHandler ? static value => value : null,
                    OnCompleted = Ended,
                    OnError = Failed,
                }),
            Kind.HandlerOfBatches => onScheduler.SubscribeAwaitBatch(
                1,
                (batch, _) =>
                {
                    Array.ForEach(batch.ToArray(), Next);
                    return default;
                },
                new() { OnCompleted = Ended, OnError = Failed }),
            Kind.Reporting => onScheduler.WithFaultPolicy(FaultPolicy<int>.Continue(_ => { })).Subscribe(Next, Failed, Ended),
            Kind.ByKey => stream.ObserveLatestByKeyOn(value => value, scheduler).Subscribe(Next, Failed, Ended),
            _ => onScheduler.Subscribe(Next, Failed, Ended),
        };
    }
}
