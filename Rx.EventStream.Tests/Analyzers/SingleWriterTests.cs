using Rx.Analyzers;
using Rx.Analyzers.CodeFixes;

namespace Rx.Tests.Analyzers;

/// <summary>RXES006.</summary>
internal sealed class SingleWriterTests
{
    private const string Create = "var s = new EventStream<int>(new EventStreamOptions { SingleWriter = true });\n";

    [TestCase("Parallel.For(0, 9, i => s.{|RXES006:OnNext|}(i));")]
    [TestCase("Parallel.ForEach(new[] { 1, 2 }, i => { for (int n = 0; n < i; n++) { s.{|RXES006:OnNext|}(n); } });")]
    [TestCase("await Parallel.ForEachAsync(new[] { 1, 2 }, async (i, token) => await s.{|RXES006:OnNextAsync|}(i, token));")]
    [TestCase("Parallel.Invoke(() => s.{|RXES006:OnNext|}(1), () => s.{|RXES006:OnCompleted|}());")]
    [TestCase("ParallelEnumerable.Range(0, 9).ForAll(i => s.{|RXES006:OnNext|}(i));")]
    [TestCase("Task.Run(() => s.{|RXES006:OnNext|}(1)); s.OnNext(2);")]
    [TestCase("await Task.WhenAll(Task.Run(() => s.{|RXES006:OnNext|}(1)), Task.Run(() => s.{|RXES006:OnNextRange|}(new[] { 1 })));")]
    [TestCase("Task a = Task.Run(() => s.{|RXES006:OnNext|}(1)); Console.WriteLine(); Task b = Task.Run(() => { foreach (int i in new[] { 1 }) { s.{|RXES006:OnNext|}(i); } }); await a; await b;")]
    [TestCase("var all = new List<Task>(); for (int i = 0; i < 4; i++) { all.Add(Task.Run(() => s.{|RXES006:OnNext|}(i))); }")]
    [TestCase("new Thread(() => s.{|RXES006:OnNext|}(1)).Start(); s.OnNext(2);")]
    [TestCase("ThreadPool.QueueUserWorkItem(_ => s.{|RXES006:OnNext|}(1)); s.OnCompleted();")]
    [TestCase("using var a = new Timer(_ => s.{|RXES006:OnNext|}(1), null, 0, 10); using var b = new Timer(_ => s.{|RXES006:OnNext|}(2), null, TimeSpan.FromSeconds(1), TimeSpan.Zero);")]
    public Task Reported(string statements) => Verify.Marked<SingleWriterAnalyzer>(Verify.Method(Create + statements));

    [TestCase("Task.Run(() => s.OnNext(1));", Description = "One publisher.")]
    [TestCase("s.OnNext(0); Task.Run(() => s.OnNext(1));", Description = "One after the other.")]
    [TestCase("await Task.Run(() => s.OnNext(1)); s.OnNext(2);")]
    [TestCase("Task a = Task.Run(() => s.OnNext(1)); await a; await Task.Run(() => s.OnNext(2));")]
    [TestCase("Task.Run(() => s.OnNext(1)).Wait(); s.OnNext(2);")]
    [TestCase("Task a = Task.Run(() => s.OnNext(1)); Task.WaitAll(a); s.OnNext(2);")]
    [TestCase("Task a = Task.Run(() => s.OnNext(1)); IsLarge(1); s.OnNext(2);", Description = "What the call does is not known.")]
    [TestCase("if (_isOn) { Task.Run(() => s.OnNext(1)); } else { Task.Run(() => s.OnNext(2)); }")]
    [TestCase("if (_isOn) { Task.Run(() => s.OnNext(1)); return; } s.OnNext(2);")]
    [TestCase("for (int i = 0; i < 4; i++) { await Task.Run(() => s.OnNext(i)); }")]
    [TestCase("while (_isOn) { Task.Run(() => s.OnNext(1)); break; }")]
    [TestCase("object gate = new(); Parallel.For(0, 9, i => { lock (gate) { s.OnNext(i); } });")]
    [TestCase("using var gate = new SemaphoreSlim(1); Parallel.For(0, 9, i => { gate.Wait(); s.OnNext(i); gate.Release(); });")]
    [TestCase("Parallel.For(0, 9, i => { if (i == 3) { s.OnNext(i); } });", Description = "One of them only.")]
    [TestCase("Parallel.For(0, 9, i => { if (i != 3) { return; } s.OnNext(i); });")]
    [TestCase("Parallel.For(0, 9, new ParallelOptions { MaxDegreeOfParallelism = 1 }, i => s.OnNext(i));")]
    [TestCase("Parallel.For(0, 9, i => { var own = new EventStream<int>(new EventStreamOptions { SingleWriter = true }); own.OnNext(i); });")]
    [TestCase("for (int i = 0; i < 4; i++) { var own = new EventStream<int>(new EventStreamOptions { SingleWriter = true }); Task.Run(() => own.OnNext(i)); }")]
    [TestCase("Parallel.For(0, 9, i => stream.OnNext(i));", Description = "The options are not known.")]
    [TestCase("var many = new EventStream<int>(); Parallel.For(0, 9, i => many.OnNext(i));")]
    [TestCase("var many = new EventStream<int>(new EventStreamOptions { SingleWriter = false }); Parallel.For(0, 9, i => many.OnNext(i));")]
    [TestCase("var many = new EventStream<int>(new EventStreamOptions { SingleWriter = _isOn }); Parallel.For(0, 9, i => many.OnNext(i));")]
    [TestCase("var either = new EventStream<int>(new EventStreamOptions { SingleWriter = true }); if (_isOn) { either = stream; } Parallel.For(0, 9, i => either.OnNext(i));")]
    [TestCase("using var timer = new Timer(_ => s.OnNext(1), null, 0, 1000);")]
    [TestCase("using var timer = new Timer(_ => s.OnNext(1), null, Timeout.Infinite, 0); s.OnNext(2);")]
    [TestCase("using var turn = new ManualResetEventSlim(); Task.Run(() => { turn.Wait(); s.OnNext(1); }); s.OnNext(2); turn.Set();")]
    [TestCase("var thread = new Thread(() => s.OnNext(1)); s.OnNext(2); thread.Start();")]
    [TestCase("Task.Run(() => s.OnNext(1)); stream.OnNext(2);", Description = "Another stream.")]
    [TestCase("var one = new TaskFactory(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler); one.StartNew(() => s.OnNext(1)); one.StartNew(() => s.OnNext(2));", Description = "One at a time.")]
    [TestCase("new[] { 1, 2 }.ToList().ForEach(i => s.OnNext(i));", Description = "On this thread.")]
    [TestCase("stream.Subscribe(x => s.OnNext(x)); _stream.Subscribe(x => s.OnNext(x));", Description = "May be one thread.")]
    public Task NotReported(string statements) => Verify.NoneAsync(Verify.Method(Create + statements));

    [Test]
    public Task Field_TwoTimersOfAConstructor_Reported() => Verify.Marked<SingleWriterAnalyzer>(
        """
        using System;
        using System.Threading;
        using Rx;

        class Test
        {
            private readonly EventStream<int> _stream = new(new() { Name = "a", SingleWriter = true });
            private readonly Timer _fast, _slow;

            Test()
            {
                _fast = new Timer(_ => _stream.{|RXES006:OnNext|}(1), null, 0, 10);
                _slow = new Timer(_ => _stream.{|RXES006:OnNext|}(2), null, 0, 1000);
            }
        }
        """);

    [TestCase("new EventStreamOptions { SingleWriter = true }", "")]
    [TestCase("new EventStreamOptions { Name = \"a\", SingleWriter = true }", "new EventStreamOptions { Name = \"a\" }")]
    [TestCase("new EventStreamOptions { SingleWriter = true, Name = \"a\" }", "new EventStreamOptions { Name = \"a\" }")]
    [TestCase("new() { SingleWriter = true, Name = \"a\", SegmentCapacity = 3 }", "new() { Name = \"a\", SegmentCapacity = 3 }")]
    public Task Fix_LeavesThePromiseOut(string options, string expected) =>
        Verify.Fixed<SingleWriterAnalyzer, SingleWriterFix>(
            Verify.Method($"var s = new EventStream<int>({options});\nTask.Run(() => s.{{|RXES006:OnNext|}}(1));\ns.OnNext(2);"),
            Verify.Method($"var s = new EventStream<int>({expected});\nTask.Run(() => s.OnNext(1));\ns.OnNext(2);"));
}
