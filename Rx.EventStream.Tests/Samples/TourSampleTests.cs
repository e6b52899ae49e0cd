using System.Text.RegularExpressions;

namespace Rx.Tests.Samples;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TourSampleTests
{
    private const int TimeLimit = 60_000;
    private const int Screens = 11;
    private const string Interrupt = "\x03";

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Tour_OutputRedirected_ShowsAllScreensWithoutStopping(CancellationToken ct)
    {
        SampleResult result = await SampleProcess.RunAsync(ct, "tour");

        string[] titles = [.. Regex.Matches(result.Output, $@"(?m)^(.+) (\d+)/{Screens}$").Select(m => $"{m.Groups[2]} {m.Groups[1]}")];
        string[] expected =
        [
            "1 Join points", "2 Replay", "3 A slow observer", "4 Lag: Unbounded", "5 Lag: DropOldest", "6 Lag: Latest", "7 Lag: Fail",
            "8 Lag: Wait", "9 Snapshot and deltas", "10 Batches", "11 Tests in virtual time",
        ];
        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Errors, Is.Empty);
        Assert.That(titles, Is.EqualTo(expected));
        Assert.That(result.Output, Does.Not.Contain('\e').And.Not.Contain("Enter"));
    }

    // The expected lines follow from the pace: one event is published per tick, and the slow scheduler handles one in three ticks.
    [TestCase(1, "published        --a--b--c--d-----e--f--|", "from the start   --a--b--c--d-----e--f--|",
        "now                         ^-----e--f--|", "at the bookmark             (cd)--e--f--|")]
    [TestCase(2, "late                      (cde)--f--g--|", "from 4                    e------f--g--|",
        "at the end                             (efg|)", "oldest retained event: 2")]
    [TestCase(3, "published  --a--b--c--d--e--------f-----", "blocked    --------------(abcde)--f-----", "another    --a--b--c--d--e--------f-----")]
    [TestCase(4, "slow       --a--------b--------c--------d--------e--------f-----", "its lag      0  1  2  2  3  4  3  3  3  2  2  2  1  1  1  0  0",
        "delivered 6, dropped 0")]
    [TestCase(5, "slow       --0a--------2c--------5f--------6g--------7h-----", "delivered 5, dropped 3")]
    [TestCase(6, "slow       --a--------d--------g--------h-----", "delivered 4, dropped 4")]
    [TestCase(7, "published   --a--b--c--d--e--f--g--h--", "slow        --a--------X", "another     --a--b--c--d--e--f--g--h--",
        "The subscriber 'slow' was 3 events behind at sequence number 1, more than the 2 that its lag policy allows.")]
    [TestCase(8, "published   --a--b--c--d--------e--------f--------------------", "slow        --a--------b--------c--------d--------e--------f--")]
    [TestCase(9, "published     --10--5---1---2--------4---3---", "balance         10  15  16  18       22  25",
        "the client's                (16 18)--22--25--", "the client starts with 15")]
    [TestCase(10, "published  --a----b--c--d------e--f--g------h--|", "written    --[a]--------[bcd]--------[efg]--------[h]--------|")]
    [TestCase(11, "published  --a--b--c--d--e--f--------", "late                        (ef)-----", "as expected: True")]
    [CancelAfter(TimeLimit)]
    public async Task Tour_OneScreen_ShowsExpectedMarbles(int screen, params string[] lines)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, "tour", "--screen", $"{screen}");

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        string[] shown = result.Output.Replace('─', '-').Split('\n');
        Assert.That(lines, Is.SubsetOf(shown), result.Output);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Tour_EachScreen_ShowsItsSourceCode(CancellationToken ct)
    {
        string[] sources = Directory.GetFiles(Path.Combine(Repository.Root, "Rx.EventStream.Samples", "Tour", "Screens"), "*.cs");

        SampleResult result = await SampleProcess.RunAsync(ct, "tour");

        Assert.That(sources, Has.Length.EqualTo(Screens));
        foreach (string source in sources)
        {
            IEnumerable<string> lines = (await File.ReadAllLinesAsync(source, ct))
                .SkipWhile(line => line.Trim() != "// shown").Skip(1)
                .TakeWhile(line => line.Trim() != "// end")
                .Select(line => line.Length == 0 ? line : line[8..]);
            Assert.That(result.Output, Does.Contain($"\n\n{string.Join('\n', lines)}\n\n"), source);
        }
    }

    [TestCase("--screen must be a whole number from 1 to 11, not '0'", "tour", "--screen", "0")]
    [TestCase("not '12'", "tour", "--screen=12")]
    [TestCase("not 'last'", "tour", "--screen", "last")]
    [TestCase("--screen needs a value", "tour", "--screen")]
    [TestCase("tour has no option '--fast'", "tour", "--fast")]
    [TestCase("tour takes no argument '3'", "tour", "3")]
    [CancelAfter(TimeLimit)]
    public async Task Tour_InvalidArguments_ReportedOnStandardError(string expected, params string[] args)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, args);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected).And.Contain("--help"));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase(80, 24)]
    [TestCase(120, 30)]
    [CancelAfter(TimeLimit)]
    public async Task Tour_OnTerminal_EachScreenFitsAndEnterContinues(int columns, int rows)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using SampleTerminal terminal = SampleTerminal.Start(columns, rows, "tour");
        for (int screen = 1; screen <= Screens; screen++)
        {
            await terminal.WaitForAsync("Enter", screen, ct);
            string[] shown = LastPicture(terminal);
            Assert.That(shown[0], Does.EndWith($" {screen}/{Screens}"));
            Assert.That(shown.Max(line => line.Length), Is.LessThanOrEqualTo(columns), string.Join('\n', shown));
            Assert.That(shown, Has.Length.LessThanOrEqualTo(rows), string.Join('\n', shown));
            Assert.That(shown.Any(line => line.Contains('╭')), Is.EqualTo(columns >= 120), "A wide terminal shows code and marbles side by side.");
            await terminal.TypeAsync("\r", ct);
        }

        Assert.That(await terminal.FinishAsync(ct), Is.Zero, terminal.Raw);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Tour_QPressed_EndsTheTour(CancellationToken ct)
    {
        using SampleTerminal terminal = SampleTerminal.Start(80, 24, "tour");
        await terminal.WaitForAsync("Enter", 1, ct);
        await terminal.TypeAsync("\r", ct);
        await terminal.WaitForAsync("Enter", 2, ct);
        await terminal.TypeAsync("q", ct);

        Assert.That(await terminal.FinishAsync(ct), Is.Zero, terminal.Raw);
        Assert.That(terminal.Raw, Does.Contain("The tour ended at screen 2 of 11."));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Tour_EnterDuringAnimation_CompletesThePicture(CancellationToken ct)
    {
        using SampleTerminal terminal = SampleTerminal.Start(80, 24, "tour");
        await terminal.WaitForAsync("published", 1, ct);
        await terminal.TypeAsync("\r", ct);
        await terminal.WaitForAsync("Enter", 1, ct);
        Assert.That(LastPicture(terminal)[0], Does.EndWith($" 1/{Screens}"));
        await terminal.TypeAsync("\r", ct);
        await terminal.WaitForAsync($"2/{Screens}", 1, ct);
        await terminal.TypeAsync("q", ct);

        Assert.That(await terminal.FinishAsync(ct), Is.Zero, terminal.Raw);
        Assert.That(terminal.Raw, Does.Contain("The tour ended at screen 2 of 11."));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "Only Linux has /dev/full.")]
    public async Task Tour_OutputToFullDisk_FailsWithoutStackTrace(CancellationToken ct)
    {
        using SampleTerminal terminal = SampleTerminal.Start(80, 24, "tour", ">/dev/full");

        Assert.That(await terminal.FinishAsync(ct), Is.EqualTo(1), terminal.Raw);
        Assert.That(terminal.Raw, Does.Contain("The sample cannot continue: ").And.Not.Contain("   at "));
    }

    [TestCase("Enter", Description = "while it waits for a key")]
    [TestCase("published", Description = "while marbles move")]
    [CancelAfter(TimeLimit)]
    public async Task Tour_Interrupted_EndsTheTour(string shown)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using SampleTerminal terminal = SampleTerminal.Start(80, 24, "tour");
        await terminal.WaitForAsync(shown, 1, ct);
        await terminal.TypeAsync(Interrupt, ct);

        Assert.That(await terminal.FinishAsync(ct), Is.Zero, terminal.Raw);
        Assert.That(terminal.Raw, Does.Contain("The tour ended at screen 1 of 11."));
    }

    /// <summary>The lines of the last picture, after the animation was cleared.</summary>
    private static string[] LastPicture(SampleTerminal terminal)
    {
        string plain = SampleTerminal.Plain(terminal.Raw);
        int title = Regex.Matches(plain, $@"[^\n]* \d+/{Screens}\n")[^1].Index;
        return [.. plain[title..].Split('\n').Select(line => line.TrimEnd())];
    }
}
