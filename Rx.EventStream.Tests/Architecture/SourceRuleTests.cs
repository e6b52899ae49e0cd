using System.Text.RegularExpressions;

namespace Rx.Tests.Architecture;

/// <summary>House rules that the compiler does not know, read from the library's source.</summary>
[TestFixture]
internal sealed partial class SourceRuleTests
{
    private const int MostLines = 350;

    private static string[] Sources { get; } =
        [.. new[]
            {
                "Rx.EventStream", "Rx.EventStream.Analyzers", "Rx.EventStream.Analyzers.CodeFixes", "Rx.EventStream.AspNetCore", "Rx.EventStream.Hosting",
                "Rx.EventStream.Nats", "Rx.EventStream.Nats.Hosting", "Rx.EventStream.Testing",
            }
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"))];

    [Test]
    public void Sources_AreFound() => Assert.That(Sources, Has.Length.GreaterThan(60));

    [Test]
    public void Files_None_IsTooLong() =>
        Assert.That(
            Sources.Select(file => (File: Path.GetFileName(file), Lines: File.ReadAllLines(file).Length)).Where(f => f.Lines > MostLines), Is.Empty);

    /// <summary>Each state machine is a type of its own, which alone moves its word.</summary>
    [Test]
    public void CompareExchange_OutsideStateTypes_IsNotUsed() =>
        Assert.That(
            Sources.Where(file => file.Contains("Rx.EventStream" + Path.DirectorySeparatorChar) && File.ReadAllText(file).Contains("Interlocked.CompareExchange", StringComparison.Ordinal))
                .Select(Path.GetFileNameWithoutExtension).Where(name => !StateTypeName().IsMatch(name!)),
            Is.Empty);

    /// <summary>No reference to a state word leaves its type: state types return no reference, and take none of their own kind.</summary>
    [Test]
    public void StateTypes_None_ReturnsAReference() =>
        Assert.That(
            Sources.Where(file => StateTypeName().IsMatch(Path.GetFileNameWithoutExtension(file)) && RefReturn().IsMatch(File.ReadAllText(file)))
                .Select(Path.GetFileName),
            Is.Empty);

    [Test]
    public void Volatile_Keyword_IsNotUsed() =>
        Assert.That(Sources.Where(file => VolatileKeyword().IsMatch(File.ReadAllText(file))).Select(Path.GetFileName), Is.Empty);

    /// <summary>Only the replay of a late subscriber gives back what it has taken if it is interrupted in its sleep.</summary>
    [Test]
    public void SpinWait_WhichSleeps_IsUsedByTheReplayAlone() =>
        Assert.That(
            Sources.Where(file => file.Contains("Rx.EventStream" + Path.DirectorySeparatorChar) && File.ReadAllText(file).Contains("new SpinWait()", StringComparison.Ordinal))
                .Select(Path.GetFileName),
            Is.EqualTo(new[] { "CatchUp.cs" }));

    [GeneratedRegex("^(ClaimWord|PublishFlagWord|WaiterStack|Segment\\w*|\\w+State)(\\.\\w+)?$")]
    private static partial Regex StateTypeName();

    [GeneratedRegex(@"(internal|public|private protected)\s+(static\s+)?ref\s+(readonly\s+)?(int|long)\b")]
    private static partial Regex RefReturn();

    [GeneratedRegex(@"^\s*(private|internal|public)[\w\s]*\bvolatile\b", RegexOptions.Multiline)]
    private static partial Regex VolatileKeyword();
}
