using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Threading.Channels;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>The operators compile beside those of the same or similar names: of System.Reactive, of System.Linq.AsyncEnumerable, which is part of
/// .NET 10, and of System.Interactive.Async.</summary>
[TestFixture]
internal sealed class OverloadTests
{
    [Test]
    public void References_OperatorsBeside_ArePresent()
    {
        // Or this file would compile without having been tried.
        Assert.That(typeof(AsyncEnumerable).Assembly.GetName().Name, Is.EqualTo("System.Linq.AsyncEnumerable"));
        Assert.That(typeof(AsyncEnumerableEx).Assembly.GetName().Name, Is.EqualTo("System.Interactive.Async"));
    }

    [Test]
    public async Task Operators_OnEachKindOfSource_Compile()
    {
        var scheduler = new ManualScheduler();
        var context = new QueueingContext();
        var options = new EventStreamOptions { Retention = Retention.All };
        IAsyncEnumerable<int> enumerable = new[] { 1, 2, 3 }.ToAsyncEnumerable().Where(static x => x > 1).Do(static _ => { });
        using EventStream<int> stream = enumerable.ToEventStream(options);
        using EventStream<int> ofObservable = stream.AsObservable().ToEventStream();
        using EventStream<int> ofStream = stream.ToEventStream(options);
        using EventStream<int> ofRange = AsyncEnumerable.Range(0, 3).ToEventStream();
        using EventStream<int> ofReading = stream.Select(static x => x).ReadAllAsync(LagPolicy.Unbounded).ToEventStream(options);
        IObservable<int>[] observables =
        [
            stream.ObserveOn(scheduler, LagPolicy.Latest), stream.ObserveOn(context, LagPolicy.Latest),
            stream.ObserveLatestOn(scheduler), stream.ObserveLatestOn(context),
            stream.ObserveLatestByKeyOn(static x => x, scheduler), stream.ObserveLatestByKeyOn(static x => x, context),
            stream.ObserveBatchesOn(scheduler, 2).Select(static b => b.Length), stream.ObserveBatchesOn(context, 2).Select(static b => b.Length),
            stream.Share(), stream.Share(options), stream.Share(1, TimeSpan.Zero), stream.Share(1, TimeSpan.Zero, options),
#pragma warning disable RXES001 // that Rx's own overload is still found
            stream.ObserveOn(scheduler), stream.Where(static _ => true).ObserveOn(TaskPoolScheduler.Default),
#pragma warning restore RXES001
        ];
        ChannelWriter<int> writer = new EventStream<int>().AsChannelWriter();

        List<int> all = await stream.ReadAllAsync().ToListAsync();
        List<int> unbounded = await stream.ReadAllAsync(LagPolicy.Unbounded).ToListAsync();
        List<Sequenced<int>> sequenced = await stream.WithSequence().ReadAllAsync(LagPolicy.Unbounded).Do(static _ => { }).ToListAsync();
        List<int> read = await ofReading.OpenReader().ReadAllAsync().ToListAsync();

        Assert.That(observables, Is.All.Not.Null);
        Assert.That(writer.TryWrite(1), Is.True);
        Assert.That((all, unbounded, read), Is.EqualTo((new[] { 2, 3 }, new[] { 2, 3 }, new[] { 2, 3 })));
        Assert.That(sequenced, Is.EqualTo(new Sequenced<int>[] { new(0, 2), new(1, 3) }));
    }
}
