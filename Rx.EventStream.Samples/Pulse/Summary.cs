using Spectre.Console;

namespace Rx.Samples.Pulse;

/// <summary>What is left on the screen at the end.</summary>
internal static class Summary
{
    /// <summary>So many that the whole summary fits into a small window.</summary>
    private const int MeasureCount = 3;

    /// <summary>Narrower windows get fewer columns.</summary>
    private const int Wide = 80;

    public static void Print(
        PulseState state, TimeSpan ran, bool isInterrupted, IReadOnlyCollection<Extent> extents, IReadOnlyList<Check> checks)
    {
        string dot = AnsiConsole.Profile.Capabilities.Unicode ? " · " : ", ";
        string producers = string.Join(dot, state.Producers.Select(p => $"{p.Source} {p.Published:N0}"));
        AnsiConsole.WriteLine();
        string end = $"{(isInterrupted ? "was interrupted after" : "ran for")} {ran.TotalSeconds:0.0} s";
        int threads = state.Producers.Count(p => p.Published > 0);
        AnsiConsole.MarkupLine($"[bold teal]pulse[/] {end}, published [bold]{state.Published:N0}[/] events from {threads} threads at once");
        AnsiConsole.MarkupLine($"[grey]{producers}[/]");
        foreach (Producer producer in state.Producers.Where(p => p.Missing is not null))
        {
            AnsiConsole.MarkupLineInterpolated($"[grey]not offered here: {producer.Source}: {producer.Missing}[/]");
        }

        AnsiConsole.WriteLine();
        AnsiConsole.Write(Measures(extents));
        AnsiConsole.WriteLine();
        AnsiConsole.Write(Subscribers(state.Subscribers));
        AnsiConsole.WriteLine();
        foreach (Check check in checks)
        {
            Print(check);
        }
    }

    private static Table Measures(IReadOnlyCollection<Extent> extents)
    {
        bool isWide = AnsiConsole.Profile.Width >= Wide;
        Table table = isWide ? NewTable("Measure", "Least", "Mean", "Most") : NewTable("Measure", "Mean", "Most");
        foreach (Measure measure in Measure.All.Take(MeasureCount))
        {
            if (extents.FirstOrDefault(e => e.Name == measure.Name) is { } extent)
            {
                string[] figures = [measure.Format(extent.Least), measure.Format(extent.Mean), measure.Format(extent.Most)];
                table.AddRow([measure.Label, .. isWide ? figures : figures[1..]]);
            }
        }

        return table;
    }

    private static Table Subscribers(IReadOnlyList<Subscriber> subscribers)
    {
        bool isWide = AnsiConsole.Profile.Width >= Wide;
        Table table = NewTable("Subscriber", "Delivered", "Dropped", "Most lag");
        if (isWide)
        {
            table.AddColumn(NewColumn("When it lags")).AddColumn(NewColumn("On").PadRight(0));
        }

        foreach (Subscriber s in subscribers)
        {
            string[] cells = [s.Name, $"{s.Delivered:N0}", $"{s.Dropped:N0}", $"{s.GreatestLag:N0}", $"{s.Policy}", s.Thread];
            table.AddRow(isWide ? cells : cells[..^2]);
        }

        return table;
    }

    private static Table NewTable(string first, params string[] others)
    {
        Table table = new Table().Border(TableBorder.None).AddColumn(NewColumn(first));
        foreach (string name in others)
        {
            table.AddColumn(NewColumn(name).RightAligned());
        }

        return table;
    }

    private static TableColumn NewColumn(string name) =>
        new TableColumn($"[grey]{name}[/]").NoWrap().PadRight(AnsiConsole.Profile.Width >= Wide ? 2 : 1);

    private static void Print(Check check)
    {
        bool isUnicode = AnsiConsole.Profile.Capabilities.Unicode;
        if (check.IsPassed)
        {
            AnsiConsole.MarkupLineInterpolated($"[green]{(isUnicode ? "✓" : "ok")}[/] {check.Claim}");
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{(isUnicode ? "✗" : "WRONG:")} {check.Claim}: {check.Objection}[/]");
        }
    }
}
