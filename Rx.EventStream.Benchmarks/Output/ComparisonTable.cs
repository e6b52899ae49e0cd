using Rx.Benchmarks.Measuring;
using Spectre.Console;

namespace Rx.Benchmarks.Output;

/// <summary>Results as a table on the console.</summary>
internal static class ComparisonTable
{
    public static readonly string[] Columns = ["scenario", "subject", "ns", "bytes", "ratio", "spread", "target", "verdict"];

    public static void Print(IReadOnlyList<Result> results)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in Columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Alignment = column is "ns" or "bytes" ? Justify.Right : Justify.Left });
        }

        foreach (Result result in results)
        {
            string colour = result.Verdict switch { Verdict.Met => "green", Verdict.Missed => "red", Verdict.NotToldApart => "yellow", _ => "default" };
            table.AddRow(CellsOf(result).Select(cell => new Markup($"[{colour}]{Markup.Escape(cell)}[/]")).ToArray());
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(
            $"{Count(Verdict.Met)} targets met, {Count(Verdict.Missed)} missed, {Count(Verdict.NotToldApart)} not told apart; " +
            $"{results.Count(static result => result.Fails)} missed by more than docs/performance.md tells");

        int Count(Verdict verdict) => results.Count(result => result.Verdict == verdict);
    }

    /// <summary>A result's cells, one for each column.</summary>
    public static string[] CellsOf(Result result) =>
    [
        result.Figure.Name,
        result.Subject,
        result.Figure.Quantity == Quantity.Bytes && result.Nanoseconds == 0 ? "" : Numbers.Short(result.Nanoseconds),
        Numbers.Short(result.Bytes),
        result.Ratios.TryGetValue(result.Figure.Peer, out double ratio) ? Numbers.Short(ratio) : "",
        result.Spread is { } spread ? $"{Numbers.Short(spread.Least)} to {Numbers.Short(spread.Greatest)}" : "",
        TargetOf(result),
        result.Verdict switch { Verdict.Met => "met", Verdict.Missed => "missed", Verdict.NotToldApart => "not told apart", _ => "" },
    ];

    private static string TargetOf(Result result) => result.Limit switch
    {
        null => "",
        { } limit when result.Figure.Limits.IsRatio => $"≤ {limit:0.##} × {result.Figure.Peer}{ReachedOf(result)}",
        { } limit => $"≤ {limit:0.##} {(result.Figure.Quantity == Quantity.Bytes ? "B" : "ns")}{ReachedOf(result)}",
    };

    private static string ReachedOf(Result result) => result.Reached is { } reached ? $"; reached: {reached:0.##}" : "";
}
