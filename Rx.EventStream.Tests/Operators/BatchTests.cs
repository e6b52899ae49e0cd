using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary><c>Batch(maxCount)</c>: what is there, up to the number asked for, however it lies in memory.</summary>
[TestFixture]
internal sealed class BatchTests
{
    private readonly ManualScheduler _manual = new();

    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
    public void Batch_PublishedDuringACall_OneBatchOfAll(object scheduler)
    {
        using SchedulerUnderTest under = ((SchedulerCase)scheduler).Create();
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2 });
        var observer = new RecordingObserver<int[]>(batch =>
        {
            if (batch[0] == 0)
            {
                stream.OnNextRange([.. Enumerable.Range(1, 100)]);
            }
        });
        using IDisposable subscription = stream.ObserveOn(under.Scheduler).Batch(int.MaxValue)
            .Subscribe(batch => observer.OnNext(batch.ToArray()), observer.OnError, observer.OnCompleted);

        stream.OnNext(0);
        under.RunUntil(() => observer.Count == 2, "The second batch comes.");
        stream.OnCompleted();
        under.RunUntil(() => observer.IsCompleted, "The end comes.");

        Assert.That(observer.Values.Select(b => b.Length), Is.EqualTo(new[] { 1, 100 }));
        Assert.That(observer.Values.SelectMany(b => b), Is.EqualTo(Enumerable.Range(0, 101)));
        Assert.That(observer.Violations, Is.Empty);
    }

    [TestCaseSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
    public void Batch_DropOldest_TheNewestInOneBatch(StreamConfiguration configuration)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var batches = new List<int[]>();
        using IDisposable subscription = stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.DropOldest(5)).Batch(100)
            .Subscribe(batch => batches.Add(batch.ToArray()));
        for (int i = 0; i < 200; i++)
        {
            stream.OnNext(i);
        }

        _manual.RunAll();

        Assert.That(batches, Is.EqualTo(new[] { new[] { 195, 196, 197, 198, 199 } }));
        Assert.That(stream.Subscriptions[0].Dropped, Is.EqualTo(195));
    }

    [TestCaseSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
    public void Batch_EventsAndTheEnd_BatchThenTheEnd(StreamConfiguration configuration)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = stream.ObserveOn(_manual).Batch(100)
            .Subscribe(batch => observer.OnNext(batch.Length), observer.OnError, observer.OnCompleted);
        stream.OnNextRange([1, 2, 3]);
        stream.OnCompleted();
        stream.OnNext(4);

        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { 3 }));
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void Batch_BadArgument_SaysNameValueAndRange()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.OpenReader();
        Action[] calls =
        [
            () => stream.Batch(0),
            () => stream.AsObservable().Batch(0, TimeSpan.Zero),
            () => stream.ObserveBatchesOn(_manual, 0),
            () => reader.TryReadBatch(0, out _),
        ];

        foreach (Action call in calls)
        {
            Assert.That(
                call,
                Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("maxCount")
                    .And.Property("ActualValue").EqualTo(0).And.Message.Contains("from 1 to 2,147,483,647"));
        }

        Assert.That(
            () => stream.Batch(1, TimeSpan.FromTicks(-1)),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("maxDelay")
                .And.Property("ActualValue").EqualTo(TimeSpan.FromTicks(-1)).And.Message.Contains("from 0 to 24.20:31:23.6470000"));
        Assert.That(() => stream.Batch(1, TimeSpan.MaxValue), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
