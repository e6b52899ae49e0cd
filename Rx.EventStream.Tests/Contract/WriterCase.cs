namespace Rx.Tests.Contract;

/// <summary>How to make a writer, with a name for the test's list.</summary>
internal sealed record WriterCase(string Name, Func<WriterUnderTest> Open)
{
    public override string ToString() => Name;
}
