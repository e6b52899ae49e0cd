using System.Text;
using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Output;

/// <summary>Writes the table of figures between the markers of a page, and leaves the rest of the page as it is.</summary>
internal static class FiguresPage
{
    private const string End = "<!-- end of figures -->";

    /// <param name="path">The page.</param>
    /// <param name="command">The command that the start marker names.</param>
    /// <param name="origin">Lines that say where the figures come from.</param>
    /// <param name="results">The figures.</param>
    /// <exception cref="InvalidOperationException">The page has no markers.</exception>
    public static void Write(string path, string command, IReadOnlyList<string> origin, IReadOnlyList<Result> results)
    {
        string mark = $"<!-- figures: written by `{command}` -->";
        string page = File.ReadAllText(path);
        int begin = page.IndexOf(mark, StringComparison.Ordinal);
        int end = page.IndexOf(End, Math.Max(begin, 0), StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"{path} has no lines '{mark}' and '{End}' to write the figures between.");
        }

        File.WriteAllText(path, page[..(begin + mark.Length)] + "\n\n" + Figures(origin, results) + "\n" + page[end..]);
    }

    private static string Figures(IReadOnlyList<string> origin, IReadOnlyList<Result> results)
    {
        var text = new StringBuilder();
        foreach (string line in origin)
        {
            text.Append("- ").Append(line).Append('\n');
        }

        text.Append('\n').Append(Row(ComparisonTable.Columns)).Append("| --- | --- | ---: | ---: | ---: | --- | --- | --- |\n");
        foreach (Result result in results)
        {
            text.Append(Row(ComparisonTable.CellsOf(result)));
        }

        return text.ToString();
    }

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";
}
