namespace Rx.Tests.Samples;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SampleHostTests
{
    private const int TimeLimit = 60_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Help_Overall_ListsSamplesAndOptions(CancellationToken ct)
    {
        SampleResult result = await SampleProcess.RunAsync(ct, "--help");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("Usage:").And.Contain("pulse").And.Contain("--seconds N"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Help_OfSample_ListsItsOptions(CancellationToken ct)
    {
        SampleResult result = await SampleProcess.RunAsync(ct, "pulse", "--help");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("-- pulse [options]").And.Contain("--seconds N").And.Contain("--folder PATH"));
    }

    [TestCase("'puls'", "puls")]
    [TestCase("'--fast'", "pulse", "--fast")]
    [TestCase("'--fast'", "--fast=1")]
    [TestCase("'5'", "pulse", "5")]
    [TestCase("--seconds needs a value", "pulse", "--seconds")]
    [TestCase("--seconds must be a whole number from 1 to 3,600, not 'soon'", "pulse", "--seconds", "soon")]
    [TestCase("not '0'", "pulse", "--seconds", "0")]
    [TestCase("not '-1'", "pulse", "--seconds=-1")]
    [TestCase("not '3601'", "pulse", "--seconds", "3601")]
    [CancelAfter(TimeLimit)]
    public async Task CommandLine_Nonsense_NamedOnStandardError(string expected, params string[] args)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, args);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected).And.Contain("--help"));
        Assert.That(result.Output, Is.Empty);
    }
}
