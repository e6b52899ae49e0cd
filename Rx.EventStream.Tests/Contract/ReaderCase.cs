namespace Rx.Tests.Contract;

/// <summary>How to open a reader, with a name for the test's list.</summary>
internal sealed record ReaderCase(string Name, Func<ReaderUnderTest> Open)
{
    public override string ToString() => Name;
}
