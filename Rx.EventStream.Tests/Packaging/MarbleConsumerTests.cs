using System.Text.RegularExpressions;

namespace Rx.Tests.Packaging;

/// <summary>Uses the packed Rx.EventStream.Testing from a new project of each test framework: one test passes, one fails.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)] // other processes do the work
[Category("Package")]
internal sealed class MarbleConsumerTests
{
    /// <summary>In milliseconds. Restoring may have to fetch the test framework.</summary>
    private const int TimeLimit = 600_000;

    private static readonly string _consumer = Path.Combine(Repository.Root, "Rx.EventStream.Tests", "MarbleConsumer");

    private PackedPackage _package = null!;

    [OneTimeSetUp]
    public async Task Pack() => _package = await PackedPackage.GetAsync("Rx.EventStream.Testing");

    [TestCase("NUnit")]
    [TestCase("XunitV3")]
    [TestCase("TUnit")]
    [TestCase("MSTest")]
    [CancelAfter(TimeLimit)]
    public async Task Consumer_OneTestFails_ItsMarblesAreReported(string framework)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        string output = Path.Combine(Repository.Root, "artifacts", "marble-consumer", framework);

        // The last run may have packed the same version with other content.
        foreach (string stale in (string[])["bin", "obj", Path.Combine("packages", "rx.eventstream.testing")])
        {
            if (Directory.Exists(Path.Combine(output, stale)))
            {
                Directory.Delete(Path.Combine(output, stale), recursive: true);
            }
        }

        CommandResult build = await Commands.DotNetAsync(
            _consumer, ct, "build", "-m:1", $"-p:TestFramework={framework}", $"-p:RxEventStreamVersion={_package.Version}");
        Assert.That(build.ExitCode, Is.Zero, build.All);
        string restored = Path.Combine(
            output, "packages", "rx.eventstream.testing", _package.Version, $"rx.eventstream.testing.{_package.Version}.nupkg");
        Assert.That(File.ReadAllBytes(restored), Is.EqualTo(File.ReadAllBytes(_package.Path)).AsCollection, "the package just packed");

        string program = Path.Combine(output, "bin", "MarbleConsumer", "debug", "MarbleConsumer");
        CommandResult run = await Commands.RunAsync(program, Path.GetDirectoryName(program)!, ct);

        Assert.That(run.ExitCode, Is.Not.Zero, run.All);
        Assert.That(run.Output, Does.Contain("failed: 1").And.Contain("succeeded: 1"), run.All);
        Assert.That(run.Output, Does.Match(string.Join(@"\r?\n *", new[]
        {
            "source.Delay(TimeSpan.FromMilliseconds(2), scheduler) differs from the marbles in frame 5:",
            "expected  ---a--b|",
            "actual    ---a-b|",
            "^",
        }.Select(Regex.Escape))));
    }
}
