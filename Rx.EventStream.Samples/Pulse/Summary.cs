using Spectre.Console;

namespace Rx.Samples.Pulse;

/// <summary>Prints the summary at the end of the run.</summary>
internal static class Summary
{
    /// <summary>Few enough for the whole summary to fit into a small window.</summary>
    private const int MeasureCount = 3;

    /// <summary>Narrower windows show fewer columns.</summary>
    private const int Wide = 80;

    public static void Print(
        PulseState state, TimeSpan ran, bool isInterrupted, IReadOnlyCollection<MeasureStatistics> statistics, IReadOnlyList<Check> checks)
    {
        string dot = AnsiConsole.Profile.Capabilities.Unicode ? " · " : ", ";
        string producers = string.Join(dot, state.Producers.Select(p => $"{p.Source} {p.Published:N0}"));
        AnsiConsole.WriteLine();
        string end = $"{(isInterrupted ? "was interrupted after" : "ran for")} {ran.TotalSeconds:0.0} s";
        int threads = state.Producers.Count(p => p.Published > 0);
        AnsiConsole.MarkupLine($"[bold teal]pulse[/] {end}, published [bold]{state.Published:N0}[/] events from {threads} threads at once");
        AnsiConsole.MarkupLine($"[grey]{producers}[/]");
        foreach (Producer producer in state.Producers.Where(p => p.Unavailable is not null))
        {
            AnsiConsole.MarkupLineInterpolated($"[grey]not available here: {producer.Source}: {producer.Unavailable}[/]");
        }

        AnsiConsole.WriteLine();
        AnsiConsole.Write(Measures(statistics));
        AnsiConsole.WriteLine();
        AnsiConsole.Write(Subscribers(state.Subscribers));
        AnsiConsole.WriteLine();
        foreach (Check check in checks)
        {
            Print(check);
        }
    }

    private static Table Measures(IReadOnlyCollection<MeasureStatistics> statistics)
    {
        bool isWide = AnsiConsole.Profile.Width >= Wide;
        Table table = isWide ? NewTable("Measure", "Min", "Mean", "Max") : NewTable("Measure", "Mean", "Max");
        foreach (Measure measure in Measure.All.Take(MeasureCount))
        {
            if (statistics.FirstOrDefault(e => e.Name == measure.Name) is { } measured)
            {
                string[] values = [measure.Format(measured.Min), measure.Format(measured.Mean), measure.Format(measured.Max)];
                table.AddRow([measure.Label, .. isWide ? values : values[1..]]);
            }
        }

        return table;
    }

    private static Table Subscribers(IReadOnlyList<Subscriber> subscribers)
    {
        bool isWide = AnsiConsole.Profile.Width >= Wide;
        Table table = NewTable("Subscriber", "Delivered", "Dropped", "Max lag");
        if (isWide)
        {
            table.AddColumn(NewColumn("Lag policy")).AddColumn(NewColumn("Runs on").PadRight(0));
        }

        foreach (Subscriber s in subscribers)
        {
            string[] cells = [s.Name, $"{s.Delivered:N0}", $"{s.Dropped:N0}", $"{s.MaxLag:N0}", $"{s.Policy}", s.Thread];
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
            AnsiConsole.MarkupLineInterpolated($"[green]{(isUnicode ? "✓" : "ok")}[/] {check.Statement}");
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{(isUnicode ? "✗" : "WRONG:")} {check.Statement}: {check.Failure}[/]");
        }
    }
}
