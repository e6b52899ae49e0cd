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
    public async Task Help_OneSample_ListsItsOptions(CancellationToken ct)
    {
        SampleResult result = await SampleProcess.RunAsync(ct, "pulse", "--help");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("-- pulse [options]").And.Contain("--seconds N").And.Contain("--folder PATH"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Help_SampleWithSeveralPrograms_ListsEach(CancellationToken ct)
    {
        SampleResult all = await SampleProcess.RunAsync(ct, "chatterbox", "--help");
        SampleResult one = await SampleProcess.RunAsync(ct, "chatterbox", "monitor", "-h");

        Assert.That(all.ExitCode, Is.Zero, all.Errors);
        Assert.That(all.Output, Does.Contain("-- chatterbox server [options]").And.Contain("--lag N").And.Contain("port 9000")
            .And.Contain("-- chatterbox client [options]").And.Contain("-- chatterbox monitor [options]"));
        Assert.That(one.ExitCode, Is.Zero, one.Errors);
        Assert.That(one.Output, Does.Contain("-- chatterbox monitor [options]").And.Contain("--address HOST:PORT")
            .And.Not.Contain("chatterbox server"));
    }

    [TestCase("'puls'", "puls")]
    [TestCase("'chatterbox serve'. The samples are: pulse, ", "chatterbox", "serve")]
    [TestCase("Choose one of: chatterbox server, chatterbox client, chatterbox monitor", "chatterbox")]
    [TestCase("Choose one of", "chatterbox", "--address", "127.0.0.1:50051")]
    [TestCase("chatterbox client takes no argument 'me'", "chatterbox", "client", "me")]
    [TestCase("chatterbox monitor has no option '--lag'", "chatterbox", "monitor", "--lag", "5")]
    [TestCase("--address needs a value", "chatterbox", "server", "--address")]
    [TestCase("such as 127.0.0.1:50051, not '50051'", "chatterbox", "server", "--address", "50051")]
    [TestCase("from 0 to 65,535, such as 127.0.0.1:50051, not '127.0.0.1:65536'", "chatterbox", "client", "--address", "127.0.0.1:65536")]
    [TestCase("not '127.0.0.1:-1'", "chatterbox", "monitor", "--address=127.0.0.1:-1")]
    [TestCase("a numeric address, such as 127.0.0.1:50051, not 'chat.example'", "chatterbox", "server", "--address", "chat.example:1")]
    [TestCase("cannot listen on 203.0.113.1:50051", "chatterbox", "server", "--address", "203.0.113.1:50051")]
    [TestCase("--lag must be a whole number from 1 to 1,000,000, not '0'", "chatterbox", "server", "--lag", "0")]
    [TestCase("'--fast'", "pulse", "--fast")]
    [TestCase("'--fast'", "--fast=1")]
    [TestCase("'5'", "pulse", "5")]
    [TestCase("--seconds needs a value", "pulse", "--seconds")]
    [TestCase("--seconds must be a whole number from 1 to 3,600, not 'soon'", "pulse", "--seconds", "soon")]
    [TestCase("not '0'", "pulse", "--seconds", "0")]
    [TestCase("not '-1'", "pulse", "--seconds=-1")]
    [TestCase("not '3601'", "pulse", "--seconds", "3601")]
    [CancelAfter(TimeLimit)]
    public async Task CommandLine_Invalid_ReportedOnStandardError(string expected, params string[] args)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, args);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected).And.Contain("--help"));
        Assert.That(result.Output, Is.Empty);
    }
}
