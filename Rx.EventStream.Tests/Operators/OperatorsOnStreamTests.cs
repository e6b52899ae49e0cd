using System.Reactive.Linq;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Operators;

/// <summary>The operators on a stream or its observable use the stream's own cursor, so the stream's figures are right.</summary>
internal sealed class OperatorsOnStreamTests
{
    private readonly ManualScheduler _manual = new();

    /// <summary>The kinds of source that are a stream, with settings that the operator's replace.</summary>
    private static Func<EventStream<int>, IObservable<int>>[] Sources =>
    [
        stream => stream,
        stream => stream.AsObservable(),
        stream => stream.ObserveOn(new ManualScheduler()).WithLagPolicy(LagPolicy.Fail(1)),
    ];

    [Test]
    public void ObserveOn_StreamWithPolicy_FiguresOfTheStream([Range(0, 2)] int source)
    {
        using var stream = new EventStream<int>();
        var seen = new List<int>();
        using IDisposable subscription = Sources[source](stream).ObserveOn(_manual, LagPolicy.DropOldest(2)).Subscribe(seen.Add);
        stream.OnNextRange([1, 2, 3, 4, 5]);
        Assert.That(stream.Subscriptions.Single().Lag, Is.EqualTo(5));

        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { 4, 5 }));
        Assert.That((stream.Subscriptions[0].Dropped, stream.Subscriptions[0].Delivered), Is.EqualTo((3, 2)));
    }

    [Test]
    public void ObserveLatestOn_Stream_FiguresOfTheStream([Range(0, 2)] int source)
    {
        using var stream = new EventStream<int>();
        var seen = new List<int>();
        using IDisposable subscription = Sources[source](stream).ObserveLatestOn(_manual).Subscribe(seen.Add);
        stream.OnNextRange([1, 2, 3, 4, 5]);

        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { 5 }));
        Assert.That(stream.Subscriptions.Single().Dropped, Is.EqualTo(4));
    }

    [Test]
    public void ObserveBatchesOn_Stream_FiguresAndPolicyOfTheStream([Range(0, 1)] int source)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { LagPolicy = LagPolicy.DropOldest(3) });
        var seen = new List<int>();
        using IDisposable subscription =
            Sources[source](stream).ObserveBatchesOn(_manual, 10).Subscribe(batch => seen.AddRange(batch.ToArray()));
        stream.OnNextRange([1, 2, 3, 4, 5]);

        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { 3, 4, 5 }));
        Assert.That(stream.Subscriptions.Single().Dropped, Is.EqualTo(2));
    }

    [Test]
    public void ObserveOn_AnyTypeOfSource_OneOverloadApplies()
    {
        using var stream = new EventStream<int>();
        EventObservable<int> observable = stream.AsObservable();
        IObservable<int> source = stream;

        IObservable<int>[] observed =
        [
            stream.ObserveOn(_manual, LagPolicy.Latest), observable.ObserveOn(_manual, LagPolicy.Latest), source.ObserveOn(_manual, LagPolicy.Latest),
            stream.ObserveLatestOn(_manual), observable.ObserveLatestOn(_manual), source.ObserveLatestOn(_manual),
            stream.ObserveLatestByKeyOn(x => x, _manual), observable.ObserveLatestByKeyOn(x => x, _manual),
            source.ObserveLatestByKeyOn(x => x, _manual), stream.Where(_ => true).ObserveLatestByKeyOn(x => x, _manual),
        ];
        foreach (IObservable<int> each in observed)
        {
            each.Subscribe(_ => { });
        }

        Assert.That(stream.Subscriptions, Has.Count.EqualTo(observed.Length));
    }
}
