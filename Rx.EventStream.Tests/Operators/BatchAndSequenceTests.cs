using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Operators;

/// <summary><c>Batch</c>, <c>WithSequence</c> and <c>ObserveBatchesOn</c>: grammar, disposal, re-entrancy and ticks.</summary>
public sealed class BatchAndSequenceTests
{
    private readonly ManualScheduler _manual = new();

    [TestCase("-a-bcd----|", "--A-B-D----|")]
    [TestCase("-a-(bcd)--|", "--A-B--|")]
    [TestCase("-a-(bcd)--#", "--A-B--#")]
    public void ObserveBatchesOn_Source_OneBatchPerTickThenTheEnd(string source, string expected)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        IObservable<string> batches = scheduler.Hot(source)
            .ObserveBatchesOn(scheduler, maxCount: 10)
            .Select(batch => char.ToUpperInvariant(batch.Span[0]).ToString());
        MarbleRecording<string> observer = scheduler.Record(batches);

        scheduler.Start();

        scheduler.Expect(observer).ToBe(expected);
    }

    [TestCase("-a-bc-|", "--a-bc-|")]
    [TestCase("-a-bc-#", "--a-bc-#")]
    public void WithSequence_OnAScheduler_TicksOfObserveOn(string source, string expected)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var stream = new EventStream<char>();
        MarbleRecording<char> observer = scheduler.Record(stream.ObserveOn(scheduler).WithSequence().Select(e => e.Value));
        scheduler.Hot(source).Subscribe(stream);

        scheduler.Start();

        scheduler.Expect(observer).ToBe(expected);
    }

    [Test]
    public void Batch_Disposed_NoFurtherBatch([Values] bool isScheduled)
    {
        using var stream = new EventStream<int>();
        var seen = new List<int>();
        EventObservable<int> observable = isScheduled ? stream.ObserveOn(_manual) : stream.AsObservable();
        IDisposable subscription = observable.Batch(10).Subscribe(batch => seen.AddRange(batch.ToArray()));
        stream.OnNext(1);
        _manual.RunAll();

        subscription.Dispose();
        stream.OnNext(2);
        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { 1 }));
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Batch_DisposedFromInside_ThatBatchIsTheLast()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2 });
        var seen = new List<int>();
        IDisposable? subscription = null;
        subscription = stream.ObserveOn(_manual).Batch(2).Subscribe(batch =>
        {
            seen.AddRange(batch.ToArray());
            subscription!.Dispose();
        });
        stream.OnNextRange([1, 2, 3, 4]);
        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void Batch_PublishedFromInside_ComesAfterwards([Values] bool isScheduled)
    {
        using var stream = new EventStream<int>();
        var seen = new List<int>();
        EventObservable<int> observable = isScheduled ? stream.ObserveOn(_manual) : stream.AsObservable();
        using IDisposable subscription = observable.Batch(10).Subscribe(batch =>
        {
            seen.AddRange(batch.ToArray());
            if (batch.Span[0] == 1)
            {
                stream.OnNext(2);
                seen.Add(0);
            }
        });

        stream.OnNext(1);
        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { 1, 0, 2 }));
    }

    [Test]
    public void WithSequence_PublishedFromInside_EachEventHasItsNumber([Values] bool isScheduled)
    {
        using var stream = new EventStream<int>();
        var seen = new List<Sequenced<int>>();
        EventObservable<int> observable = isScheduled ? stream.ObserveOn(_manual) : stream.AsObservable();
        using IDisposable subscription = observable.WithSequence().Subscribe(e =>
        {
            if (e.Value == 10)
            {
                stream.OnNext(11);
            }

            seen.Add(e);
        });

        stream.OnNext(10);
        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { new Sequenced<int>(0, 10), new Sequenced<int>(1, 11) }));
    }

    [Test]
    public void Batch_InlineWithRetention_ReplaysThenFollows()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2, Retention = Retention.All });
        stream.OnNextRange([1, 2, 3]);
        var seen = new List<int>();
        using IDisposable subscription = stream.AsObservable().Batch(10).Subscribe(batch => seen.AddRange(batch.ToArray()));
        stream.OnNext(4);
        stream.OnNext(5);

        Assert.That(seen, Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
    }

    [Test]
    public void ObserveBatchesOn_Disposed_UnsubscribesFromTheSource()
    {
        using var source = new Subject<int>();
        IDisposable subscription = source.ObserveBatchesOn(_manual, 10).Subscribe(_ => { });
        Assert.That(source.HasObservers, Is.True);

        subscription.Dispose();

        Assert.That(source.HasObservers, Is.False);
    }
}
