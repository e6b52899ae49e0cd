using System.Text.Json;

namespace Rx.Tests.Samples;

[TestFixture]
[Parallelizable(ParallelScope.Self)] // other processes do the work
internal sealed class PulseSampleTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Pulse_RunToEnd_AllChecksPass(CancellationToken ct)
    {
        SampleResult result = await SampleProcess.RunAsync(ct, "pulse", "--seconds", "2");

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Errors, Is.Empty);
        AssertSummaryIsComplete(result.Output);
        Assert.That(result.Output, Does.Contain("ran for"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Pulse_OutputRedirected_WritesPlainLines(CancellationToken ct)
    {
        SampleResult result = await SampleProcess.RunAsync(ct, "--seconds", "2");

        Assert.That(result.Output, Does.Match(@"^ +1 s +[\d,]+ events .*; gauge dropped [1-9][\d,]*, uplink dropped [\d,]+").And.Not.Contain('\e'));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Pulse_FolderGiven_KeepsJournalOfAllEvents(CancellationToken ct)
    {
        using var folder = new TemporaryFolder();

        SampleResult result = await SampleProcess.RunAsync(ct, "pulse", "--seconds", "1", "--folder", folder.Path);

        string path = Path.Combine(folder.Path, "pulse.jsonl");
        Assert.That(result.Output, Does.Contain(path));
        long[] sequences = [.. File.ReadLines(path).Select(SequenceOf)];
        Assert.That(sequences, Is.Not.Empty.And.EqualTo(Enumerable.Range(0, sequences.Length)));
        Assert.That(result.Output, Does.Contain($"published {sequences.Length:N0} events"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Pulse_FolderUnusable_FailsWithMessage(CancellationToken ct)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "", ct);

        SampleResult result = await SampleProcess.RunAsync(ct, "pulse", "--folder", file);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain("journal").And.Contain(file));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "An open file cannot be deleted.")]
    public async Task Pulse_JournalDeletedDuringRun_CheckFails(CancellationToken ct)
    {
        using var folder = new TemporaryFolder();
        using SampleProcess sample = SampleProcess.Start("pulse", "--seconds", "2", "--folder", folder.Path);
        await sample.WaitForAsync(" events ", ct);
        File.Delete(Path.Combine(folder.Path, "pulse.jsonl"));

        SampleResult result = await sample.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Output, Does.Match("the journal has a line for every event: .*pulse.jsonl"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Pulse_Interrupted_EndsWithSummary(CancellationToken ct)
    {
        using SampleProcess sample = SampleProcess.Start("pulse", "--seconds", "3600");
        await sample.WaitForAsync(" events ", ct);
        await sample.InterruptAsync(ct);

        SampleResult result = await sample.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        AssertSummaryIsComplete(result.Output);
        Assert.That(result.Output, Does.Contain("was interrupted after"));
    }

    private static long SequenceOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("sequence").GetInt64();
    }

    private static void AssertSummaryIsComplete(string output)
    {
        string[] complete = ["table", "journal", "statistics", "late joiner"];
        Assert.That(output, Does.Match(@"published [\d,]+ events from \d threads at once"));
        foreach (string subscriber in complete)
        {
            Assert.That(output, Does.Match($@"(?m)^{subscriber} +[\d,]+ +0 +[\d,]+ +Unbounded"));
        }

        // The gauge always drops events. The uplink may keep up if few events are published.
        Assert.That(output, Does.Match(@"(?m)^gauge +[\d,]+ +[1-9][\d,]* +[\d,]+ +Latest"));
        Assert.That(output, Does.Match(@"(?m)^uplink +[\d,]+ +[\d,]+ +[\d,]+ +DropOldest\(50\)"));
        Assert.That(output, Does.Contain("every event reached table, journal, statistics, late joiner"));
        Assert.That(output, Does.Contain("gauge and uplink have gaps of exactly the dropped events"));
        Assert.That(output, Does.Contain("the journal has a line for every event"));
    }
}
