using Rx.Benchmarks.Measuring;
using ScottPlot;

namespace Rx.Benchmarks.Output;

/// <summary>Draws results as bars on a logarithmic scale, in a light and a dark version.</summary>
internal static class Charts
{
    private const int Width = 900;
    private const int RowHeight = 22;

    /// <summary>The width that is kept free for the number after the longest bar, as a fraction of that bar.</summary>
    private const double RoomForNumber = 0.14;

    /// <summary>Ours first, then the peers. The colours also differ in brightness.</summary>
    private static readonly string[] _light = ["#1f6feb", "#54aeff", "#6e7781", "#8c959f", "#afb8c1", "#c8ced5"];
    private static readonly string[] _dark = ["#58a6ff", "#1f6feb", "#b1bac4", "#8b949e", "#6e7681", "#484f58"];

    /// <summary>The colours, the most important first.</summary>
    public static IReadOnlyList<string> Palette(bool isDark) => isDark ? _dark : _light;

    /// <summary>Draws the given results to two files.</summary>
    /// <param name="folder">The folder for the files.</param>
    /// <param name="name">The name of the files, without <c>-light.png</c> and <c>-dark.png</c>.</param>
    /// <param name="title">The title above the chart.</param>
    /// <param name="results">The results to draw, as one group for each figure.</param>
    public static void Draw(string folder, string name, string title, IReadOnlyList<Result> results)
    {
        Directory.CreateDirectory(folder);
        foreach (bool isDark in new[] { false, true })
        {
            using var plot = new Plot();
            Compose(plot, title, results, isDark);
            int height = 110 + (RowHeight * results.Count) + (30 * results.Select(r => r.Figure).Distinct().Count());
            plot.SavePng(Path.Combine(folder, $"{name}-{(isDark ? "dark" : "light")}.png"), Width, height);
        }
    }

    private static void Compose(Plot plot, string title, IReadOnlyList<Result> results, bool isDark)
    {
        Color text = Color.FromHex(isDark ? "#e6edf3" : "#1f2328");
        Color back = Color.FromHex(isDark ? "#0d1117" : "#ffffff");
        Color line = Color.FromHex(isDark ? "#30363d" : "#d0d7de");
        IReadOnlyList<string> palette = Palette(isDark);
        List<string> subjects = [.. results.Select(r => r.Subject).Distinct().OrderBy(static s => s.StartsWith(Contender.MultiWriter, StringComparison.Ordinal) ? 0 : 1)];

        var ticks = new List<Tick>();
        double row = 0;
        double least = Math.Floor(results.Min(static r => Math.Log10(Math.Max(r.Value, 0.1))));
        foreach (IGrouping<Figure, Result> group in results.GroupBy(static r => r.Figure))
        {
            ticks.Add(new Tick(-row, group.Key.Name));
            row += 0.9;
            foreach (Result result in group)
            {
                double value = Math.Log10(Math.Max(result.Value, 0.1));
                plot.Add.Bar(new Bar
                {
                    Position = -row,
                    ValueBase = least,
                    Value = value,
                    Orientation = Orientation.Horizontal,
                    Size = 0.8,
                    FillColor = Color.FromHex(palette[Math.Min(subjects.IndexOf(result.Subject), palette.Count - 1)]),
                    LineWidth = 0,
                });
                ScottPlot.Plottables.Text label = plot.Add.Text(Numbers.Short(result.Value), value, -row);
                label.LabelFontColor = text;
                label.LabelFontSize = 12;
                label.LabelAlignment = Alignment.MiddleLeft;
                label.OffsetX = 4;
                ticks.Add(new Tick(-row, result.Subject));
                row++;
            }

            row += 0.3;
        }

        double greatest = results.Max(static r => Math.Log10(Math.Max(r.Value, 0.1)));
        double most = greatest + (RoomForNumber * Math.Max(greatest - least, 1));
        plot.Axes.SetLimits(least, most, -row + 0.2, 0.8);
        plot.Axes.Left.SetTicks([.. ticks.Select(static t => t.Position)], [.. ticks.Select(static t => t.Label)]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        double[] decades = [.. Enumerable.Range((int)least, (int)(most - least) + 1).Select(static d => (double)d)];
        plot.Axes.Bottom.SetTicks(decades, [.. decades.Select(static d => $"{Math.Pow(10, d):#,0.##}")]);
        plot.Axes.Title.Label.Text = title;
        plot.Axes.Title.Label.FontSize = 16;
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.FigureBackground.Color = back;
        plot.DataBackground.Color = back;
        plot.Axes.Color(text);
        plot.Grid.MajorLineColor = line;
        // Room for the longest name on the left, and for half an axis label on the right.
        plot.Layout.Fixed(new PixelPadding(left: 230, right: 30, bottom: 36, top: 40));
        plot.Axes.Right.IsVisible = false;
        plot.Axes.Top.IsVisible = false;
    }
}
