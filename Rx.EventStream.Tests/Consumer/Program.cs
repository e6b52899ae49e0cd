using System.Diagnostics.Metrics;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using System.Runtime.CompilerServices;
using Rx;
using Rx.Tests.Consumer;

// Uses the package as a user would, and checks the results. Compiled ahead of time or trimmed, the program must do the same.
var claims = new Claims();

await claims.CheckAsync("observers are called before OnNext returns", () =>
{
    var seen = new List<int>();
    using var stream = new EventStream<int>();
    stream.Subscribe(seen.Add);
    stream.OnNext(1);
    stream.OnNextRange([2, 3]);
    return Task.FromResult(string.Join(' ', seen));
}, "1 2 3");

using var eventLoop = new EventLoopScheduler();
foreach (IScheduler scheduler in (IScheduler[])[TaskPoolScheduler.Default, NewThreadScheduler.Default, eventLoop])
{
    await claims.CheckAsync($"every event arrives in order on {scheduler.GetType().Name}", async () =>
    {
        using var stream = new EventStream<int>();
        Task<bool> inOrder = InOrderAsync(stream.ObserveOn(scheduler));
        stream.OnNextRange([.. Enumerable.Range(0, 10_000)]);
        stream.OnCompleted();
        return $"{await inOrder}";
    }, "True");
}

await claims.CheckAsync("several threads publish at once and nothing is lost", async () =>
{
    using var stream = new EventStream<(int Writer, int Number)>();
    Task<int> distinct = stream.ObserveOn(TaskPoolScheduler.Default).Distinct().Count().ToTask();
    await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
    {
        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext((writer, i));
        }
    })));
    stream.OnCompleted();
    return $"{await distinct}";
}, "4000");

await claims.CheckAsync("late subscribers replay what is retained", () =>
{
    var seen = new List<string>();
    using var stream = new EventStream<string>(new EventStreamOptions { Retention = Retention.Count(2) });
    stream.OnNextRange(["a", "b", "c"]);
    stream.Subscribe(seen.Add);
    stream.OnNext("d");
    return Task.FromResult(string.Concat(seen));
}, "bcd");

await claims.CheckAsync("a reader starts at a position", async () =>
{
    var seen = new List<long>();
    using var stream = new EventStream<long>();
    EventPosition<long> start = stream.GetNextPosition();
    stream.OnNextRange([1, 2, 3]);
    stream.OnCompleted();
    await foreach (long value in start.ReadAllAsync())
    {
        seen.Add(value);
    }

    return string.Join(' ', seen);
}, "1 2 3");

await claims.CheckAsync("lag policies drop, fail and wait", async () =>
{
    var clock = new HistoricalScheduler();
    var seen = new List<string>();
    using var stream = new EventStream<char>();
    stream.ObserveOn(clock).WithLagPolicy(LagPolicy.DropOldest(2)).WithSequence().Subscribe(e => seen.Add($"{e.Sequence}{e.Value}"));
    stream.ObserveOn(clock).WithLagPolicy(LagPolicy.Fail(2)).Subscribe(_ => { }, error => seen.Add(error.GetType().Name));
    stream.ObserveOn(TaskPoolScheduler.Default).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(_ => { });
    foreach (char value in "abcd")
    {
        await stream.OnNextAsync(value);
    }

    clock.Start();
    await stream.WhenCaughtUpAsync();
    return string.Join(' ', seen.Order(StringComparer.Ordinal));
}, "2c 3d SubscriberLaggedException");

await claims.CheckAsync("a projection's state matches its position", () =>
{
    using var stream = new EventStream<decimal>();
    using EventProjection<decimal, decimal> sum = stream.ToProjection(0m, (total, value) => total + value);
    stream.OnNext(1.5m);
    using EventSnapshot<decimal, decimal> snapshot = sum.Current;
    stream.OnNext(2m);
    var seen = new List<decimal>();
    snapshot.Position.AsObservable().Subscribe(seen.Add);
    return Task.FromResult($"{snapshot.State} + {seen.Single()} = {sum.State}");
}, "1.5 + 2 = 3.5");

await claims.CheckAsync("operators work on any observable", async () =>
{
    var seen = new List<string>();
    await Observable.Range(1, 5).Share().ObserveBatchesOn(TaskPoolScheduler.Default, maxCount: 2)
        .ForEachAsync(batch => seen.AddRange(batch.ToArray().Select(i => $"{i}")));
    return string.Join(' ', seen);
}, "1 2 3 4 5");

await claims.CheckAsync("a named stream reports metrics", () =>
{
    long published = 0;
    using var listener = new MeterListener();
    listener.InstrumentPublished = (instrument, l) =>
    {
        if (instrument.Name == "rx.eventstream.published")
        {
            l.EnableMeasurementEvents(instrument);
        }
    };
    listener.SetMeasurementEventCallback<long>((_, value, _, _) => published += value);
    listener.Start();
    using var stream = new EventStream<int>(new EventStreamOptions { Name = "consumer" });
    stream.OnNextRange([1, 2, 3]);
    listener.RecordObservableInstruments();
    return Task.FromResult($"{published}");
}, "3");

Console.WriteLine($"{claims.Held} hold, {claims.Broken} do not; {(RuntimeFeature.IsDynamicCodeSupported ? "just in time" : "ahead of time")}");
return claims.Broken == 0 ? 0 : 1;

static async Task<bool> InOrderAsync(IObservable<int> source)
{
    int next = 0;
    bool inOrder = true;
    await source.ForEachAsync(value => inOrder &= value == next++);
    return inOrder && next == 10_000;
}
