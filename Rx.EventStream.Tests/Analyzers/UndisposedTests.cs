using Rx.Analyzers;
using Rx.Analyzers.CodeFixes;

namespace Rx.Tests.Analyzers;

/// <summary>RXES004.</summary>
internal sealed class UndisposedTests
{
    [TestCase("stream.{|RXES004:OpenReader|}();")]
    [TestCase("_stream.WithLagPolicy(LagPolicy.Wait(3)).{|RXES004:OpenReader|}();")]
    [TestCase("stream.{|RXES004:ToProjection|}(0, (sum, x) => sum + x);")]
    [TestCase("long next = stream.{|RXES004:GetNextPosition|}().Sequence;")]
    [TestCase("var reader = _stream.{|RXES004:OpenReader|}(); while (reader.TryRead(out int x)) { Console.WriteLine(x); }")]
    [TestCase("var reader = stream.{|RXES004:OpenReader|}(); while (await reader.WaitToReadAsync().ConfigureAwait(false)) { reader.TryRead(out _); }")]
    [TestCase("EventPosition<int> start = _stream.{|RXES004:GetPosition|}(3); using var reader = start.OpenReader();")]
    [TestCase("var sum = stream.{|RXES004:ToProjection|}(0, (sum, x) => sum + x); await sum.WhenReachedAsync(3); Console.WriteLine(sum.State);")]
    [TestCase("var unused = stream.{|RXES004:GetOldestPosition|}();")]
    public Task Reported(string statements) => Verify.Marked<UndisposedAnalyzer>(Verify.Method(statements));

    [TestCase("using var reader = stream.OpenReader();")]
    [TestCase("using (var reader = stream.OpenReader()) { reader.TryRead(out _); }")]
    [TestCase("using (stream.OpenReader()) { }")]
    [TestCase("var reader = stream.OpenReader(); reader.Dispose();")]
    [TestCase("var reader = stream.OpenReader(); try { reader.TryRead(out _); } finally { reader?.Dispose(); }")]
    [TestCase("_reader = stream.OpenReader();")]
    [TestCase("_ = stream.OpenReader();", Description = "Discarded on purpose.")]
    [TestCase("var reader = stream.OpenReader(); _reader = reader;")]
    [TestCase("var all = new List<EventReader<int>> { stream.OpenReader() };")]
    [TestCase("var all = new[] { stream.GetNextPosition() };")]
    [TestCase("EventReader<int> Open() => stream.OpenReader(); using var reader = Open();")]
    [TestCase("Func<EventReader<int>> open = () => stream.OpenReader();")]
    [TestCase("Action open = () => stream.OpenReader();", Description = "As in a test that it throws.")]
    [TestCase("var reader = stream.OpenReader(); Action read = () => reader.TryRead(out _);")]
    [TestCase("var reader = stream.OpenReader(); await foreach (int x in reader.ReadAllAsync()) { }", Description = "Read to its end.")]
    [TestCase("var position = stream.GetNextPosition(); stream.From(position).Subscribe(x => { });", Description = "Passed on.")]
    [TestCase("var position = stream.GetNextPosition(); position.AsObservable().Subscribe(x => { });")]
    [TestCase("stream.GetNextPosition().AsObservable().Subscribe(x => { });")]
    [TestCase("using var reader = stream.GetPosition(3).OpenReader();")]
    [TestCase("var reader = stream.OpenReader(); Task<bool> wait = reader.WaitToReadAsync().AsTask();", Description = "Somewhere else it may be disposed.")]
    [TestCase("using var local = new EventStream<int>(); var reader = local.OpenReader(); reader.TryRead(out _);", Description = "Ends with its stream.")]
    [TestCase("using var bag = new CompositeDisposable(stream.OpenReader());")]
    [TestCase("var sum = stream.ToProjection(0, (sum, x) => sum + x); sum.AsObservable().Subscribe();")]
    [TestCase("var reader = stream.OpenReader(); using (reader) { }")]
    public Task NotReported(string statements) => Verify.NoneAsync(Verify.Method(statements));

    [TestCase(
        """
        // The reader.
        var reader = stream.{|RXES004:OpenReader|}();
        reader.TryRead(out _);
        """,
        """
        // The reader.
        using var reader = stream.OpenReader();
        reader.TryRead(out _);
        """)]
    [TestCase(
        "if (_isOn) { EventPosition<int> start = stream.{|RXES004:GetNextPosition|}(); using var reader = start.OpenReader(); }",
        "if (_isOn) { using EventPosition<int> start = stream.GetNextPosition(); using var reader = start.OpenReader(); }")]
    public Task Fix_Local_IsDisposedAtTheEndOfItsBlock(string statements, string expected) =>
        Verify.Fixed<UndisposedAnalyzer, UndisposedFix>(Verify.Method(statements), Verify.Method(expected));

    [TestCase("stream.{|RXES004:OpenReader|}();")]
    [TestCase("switch (text) { case null: var reader = stream.{|RXES004:OpenReader|}(); break; }")]
    [TestCase("EventReader<int> a = stream.{|RXES004:OpenReader|}(), b = null;")]
    public Task Fix_NoPlaceForAUsing_ThereIsNone(string statements) =>
        Verify.Fixed<UndisposedAnalyzer, UndisposedFix>(Verify.Method(statements), Verify.Method(statements));

    [TestCase("long next = stream.{|RXES004:GetNextPosition|}().Sequence;", "long next = stream.NextSequence;")]
    [TestCase("Console.WriteLine(_stream.{|RXES004:GetOldestPosition|}().Sequence);", "Console.WriteLine(_stream.OldestSequence);")]
    public Task Fix_TheNumberAlone_IsReadAlone(string statements, string expected) =>
        Verify.Fixed<UndisposedAnalyzer, SequenceAloneFix>(Verify.Method(statements), Verify.Method(expected));
}
