using Rx.Analyzers;
using Rx.Analyzers.CodeFixes;

namespace Rx.Tests.Analyzers;

/// <summary>RXES001.</summary>
internal sealed class ObserveOnOrderTests
{
    [TestCase("stream.Where(x => x > 1).{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    [TestCase("stream.Select(x => new { x, Half = x / 2 }).{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    [TestCase("_stream.Where(x => x.ToString() == text).Skip(1).{|RXES001:ObserveOn|}(new SynchronizationContext()).Subscribe();")]
    [TestCase("Observable.Where(stream, x => x > 1).{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    [TestCase("stream.AsObservable().WithName(\"a\").DistinctUntilChanged().{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    [TestCase("stream.WithSequence().{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    [TestCase("stream.Scan(0, (sum, x) => sum + x).{|RXES001:ObserveOn|}(scheduler).Throttle(TimeSpan.Zero).Subscribe();")]
    [TestCase("stream.Select(x => x switch { > 1 => \"many\", _ => $\"{x}\" }).{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    [TestCase("stream?.Where(x => x > 1).{|RXES001:ObserveOn|}(scheduler).Subscribe();")]
    public Task Reported(string statement) => Verify.Marked<ObserveOnOrderAnalyzer>(Verify.Method(statement));

    [TestCase("stream.ObserveOn(scheduler).Where(x => x > 1).Subscribe();")]
    [TestCase("stream.ObserveOn(scheduler).Where(x => x > 1).ObserveOn(ImmediateScheduler.Instance).Subscribe();", Description = "Two hops.")]
    [TestCase("stream.WithLagPolicy(LagPolicy.Latest).Where(x => x > 1).ObserveOn(scheduler).Subscribe();", Description = "Another lag.")]
    [TestCase("stream.Where(IsLarge).ObserveOn(scheduler).Subscribe();", Description = "It may take long.")]
    [TestCase("stream.Select(x => IsLarge(x)).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Where(x => _isOn).ObserveOn(scheduler).Subscribe();", Description = "Asks for the time of publication.")]
    [TestCase("stream.Select(x => DateTime.Now).ObserveOn(scheduler).Subscribe();")]
    [TestCase("int limit = 3; stream.Where(x => x > limit).ObserveOn(scheduler).Subscribe(); limit = 4;", Description = "The limit changes.")]
    [TestCase("int count = 0; stream.Select(x => count++).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Do(x => Console.WriteLine(x)).ObserveOn(scheduler).Subscribe();", Description = "An effect.")]
    [TestCase("stream.Timestamp().ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Throttle(TimeSpan.Zero).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Where(x => x > 1).Take(1).ObserveOn(scheduler).Subscribe();", Description = "Unsubscribes on the publishing thread.")]
    [TestCase("stream.StartWith(1).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Merge(stream).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.DistinctUntilChanged(EqualityComparer<int>.Default).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Batch(10).ObserveOn(scheduler).Subscribe();", Description = "Other batches.")]
    [TestCase("var subject = new Subject<int>(); subject.Where(x => x > 1).ObserveOn(scheduler).Subscribe();")]
    [TestCase("IObservable<int> source = stream; source.Where(x => x > 1).ObserveOn(scheduler).Subscribe();")]
    [TestCase("stream.Where(x => x > 1).ObserveOn(scheduler, LagPolicy.Latest).Subscribe();", Description = "The library's own, with a bound.")]
    [TestCase("""
        using var pool = new EventStream<int>(new EventStreamOptions { Scheduler = TaskPoolScheduler.Default });
        pool.Where(x => x > 1).ObserveOn(scheduler).Subscribe();
        """, Description = "The operators run on the pool.")]
    public Task NotReported(string statement) => Verify.NoneAsync(Verify.Method(statement));

    [TestCase(
        "stream.Where(x => x > 1).Select(x => x * 2).{|RXES001:ObserveOn|}(scheduler).Subscribe();",
        "stream.ObserveOn(scheduler).Where(x => x > 1).Select(x => x * 2).Subscribe();")]
    [TestCase(
        """
        _stream
            .Where(x => x > 1) // the large ones
            .{|RXES001:ObserveOn|}(scheduler)
            .Subscribe(x => Console.WriteLine(x));
        """,
        """
        _stream
            .ObserveOn(scheduler) // the large ones
            .Where(x => x > 1)
            .Subscribe(x => Console.WriteLine(x));
        """)]
    [TestCase(
        """
        stream.Where(x => x > 1)
              .{|RXES001:ObserveOn|}(scheduler)
              .Subscribe();
        """,
        """
        stream.ObserveOn(scheduler)
              .Where(x => x > 1)
              .Subscribe();
        """)]
    [TestCase(
        "stream.AsObservable().WithSequence().{|RXES001:ObserveOn|}(scheduler).Subscribe();",
        "stream.AsObservable().ObserveOn(scheduler).WithSequence().Subscribe();")]
    public Task Fix_MovesTheCall(string statement, string expected) =>
        Verify.Fixed<ObserveOnOrderAnalyzer, ObserveOnOrderFix>(Verify.Method(statement), Verify.Method(expected));
}
