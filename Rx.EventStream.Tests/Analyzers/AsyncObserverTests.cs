using Rx.Analyzers;
using Rx.Analyzers.CodeFixes;

namespace Rx.Tests.Analyzers;

/// <summary>RXES003.</summary>
internal sealed class AsyncObserverTests
{
    [TestCase("stream.{|RXES003:Subscribe|}(async x => await Save(x));")]
    [TestCase("_stream.ObserveOn(scheduler).{|RXES003:Subscribe|}(async (int x) => { await Save(x); }, e => { });")]
    [TestCase("stream.Where(IsLarge).Buffer(3).{|RXES003:Subscribe|}(async all => await Save(all[0]));")]
    [TestCase("stream.Batch(3).{|RXES003:Subscribe|}(async all => await Save(all.Length));")]
    [TestCase("stream.ObserveLatestOn(scheduler).{|RXES003:Subscribe|}(async x => await Save(x));")]
    [TestCase("stream.{|RXES003:Subscribe|}(SaveVoid);")]
    [TestCase("stream.{|RXES003:Subscribe|}(onNext: async x => await Save(x), onCompleted: () => { });")]
    [TestCase("ObservableExtensions.{|RXES003:Subscribe|}(stream, async x => await Save(x));")]
    public Task Reported(string statement) => Verify.Marked<AsyncObserverAnalyzer>(Verify.Method(statement));

    [TestCase("stream.SubscribeAwait(async (x, token) => await Save(x));")]
    [TestCase("stream.Subscribe(x => Save(x));", Description = "Not awaited, but not async void.")]
    [TestCase("stream.Subscribe(x => { Func<Task> later = async () => await Save(x); });")]
    [TestCase("stream.Subscribe(x => Task.Run(async () => await Save(x)));")]
    [TestCase("stream.Select(x => Observable.FromAsync(() => Save(x))).Concat().Subscribe();")]
    [TestCase("stream.SelectMany(async x => { await Save(x); return x; }).Subscribe(x => { });")]
    [TestCase("stream.Subscribe(x => { }, async () => await Save(0));", Description = "One call, at the end.")]
    [TestCase("new Subject<int>().Subscribe(async x => await Save(x));", Description = "Not a stream.")]
    [TestCase("IObservable<int> source = stream; source.Subscribe(async x => await Save(x));")]
    public Task NotReported(string statement) => Verify.NoneAsync(Verify.Method(statement));

    [TestCase("stream.{|RXES003:Subscribe|}(async x => await Save(x));", "stream.SubscribeAwait(async (x, cancellationToken) => await Save(x));")]
    [TestCase(
        "using IDisposable saving = _stream.ObserveOn(scheduler).{|RXES003:Subscribe|}(async (int x) => { await Save(x); });",
        "using IDisposable saving = _stream.ObserveOn(scheduler).SubscribeAwait(async (int x, CancellationToken cancellationToken) => { await Save(x); });")]
    [TestCase(
        """
        int cancellationToken = 1;
        stream
            .{|RXES003:Subscribe|}(static async x =>
            {
                await Task.Yield();
            });
        """,
        """
        int cancellationToken = 1;
        stream
            .SubscribeAwait(static async (x, cancellationToken2) =>
            {
                await Task.Yield();
            });
        """)]
    [TestCase("stream.{|RXES003:Subscribe|}(onNext: async x => await Save(x));", "stream.SubscribeAwait(async (x, cancellationToken) => await Save(x));")]
    public Task Fix_UsesSubscribeAwait(string statement, string expected) =>
        Verify.Fixed<AsyncObserverAnalyzer, AsyncObserverFix>(Verify.Method(statement), Verify.Method(expected));

    [TestCase("stream.{|RXES003:Subscribe|}(async x => await Save(x), () => { });", Description = "The end would become an option.")]
    [TestCase("stream.Where(IsLarge).{|RXES003:Subscribe|}(async x => await Save(x));", Description = "Rx's observables have no SubscribeAwait.")]
    [TestCase("stream.{|RXES003:Subscribe|}(SaveVoid);")]
    public Task Fix_NotSafe_ThereIsNone(string statement) =>
        Verify.Fixed<AsyncObserverAnalyzer, AsyncObserverFix>(Verify.Method(statement), Verify.Method(statement));
}
