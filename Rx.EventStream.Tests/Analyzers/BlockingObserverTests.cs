using Rx.Analyzers;

namespace Rx.Tests.Analyzers;

/// <summary>RXES005.</summary>
internal sealed class BlockingObserverTests
{
    [TestCase("stream.Subscribe(x => {|RXES005:stream.WhenCaughtUpAsync().Wait()|});")]
    [TestCase("_stream.ObserveOn(scheduler).Subscribe(x => { if (x > 1) { {|RXES005:_stream.WhenCaughtUpAsync().GetAwaiter().GetResult()|}; } });")]
    [TestCase("stream.Where(IsLarge).Subscribe(x => {|RXES005:stream.WhenCaughtUpAsync().ConfigureAwait(false).GetAwaiter().GetResult()|});")]
    [TestCase("stream.Subscribe(x => { long n = {|RXES005:stream.OnNextAsync(x + 1).AsTask().Result|}; });")]
    [TestCase("stream.Subscribe(x => {|RXES005:stream.OnNextAsync(x + 1).AsTask().Wait()|});")]
    [TestCase("stream.SubscribeAwait(async (x, token) => { {|RXES005:stream.OnNextRangeAsync(new[] { x }).AsTask().Wait()|}; });")]
    [TestCase("var local = new EventStream<int>(); local.ObserveOn(scheduler).Subscribe(x => {|RXES005:local.WhenCaughtUpAsync().Wait()|}, e => { });")]
    public Task Reported(string statement) => Verify.Marked<BlockingObserverAnalyzer>(Verify.Method(statement));

    [TestCase("stream.WhenCaughtUpAsync().Wait();", Description = "Outside.")]
    [TestCase("stream.Subscribe(x => _stream.WhenCaughtUpAsync().Wait());", Description = "Another stream.")]
    [TestCase("stream.Subscribe(x => Task.Run(() => stream.WhenCaughtUpAsync().Wait()));", Description = "On another thread.")]
    [TestCase("stream.Subscribe(x => { }, () => stream.WhenCaughtUpAsync().Wait());")]
    [TestCase("stream.Subscribe(x => { stream.WhenCaughtUpAsync(); });")]
    [TestCase("stream.Subscribe(x => stream.WhenCaughtUpAsync().Wait(100));", Description = "With a time limit.")]
    [TestCase("stream.SubscribeAwait(async (x, token) => await stream.OnNextAsync(x + 1, token));")]
    [TestCase("stream.Where(IsLarge).ObserveOn(scheduler).Subscribe(x => stream.WhenCaughtUpAsync().Wait());", Description = "The stream has delivered it by then.")]
    [TestCase("stream.Delay(TimeSpan.Zero).Subscribe(x => stream.WhenCaughtUpAsync().Wait());")]
    [TestCase("stream.Subscribe(x => Save(x).Wait());")]
    [TestCase("stream.Subscribe(x => stream.OnNext(x + 1));")]
    [TestCase("var s = stream.AsObservable().Subscribe(Observer.Create<int>(x => { })); s.Dispose(); stream.OnNextAsync(1).AsTask().Wait();")]
    public Task NotReported(string statement) => Verify.NoneAsync(Verify.Method(statement));
}
