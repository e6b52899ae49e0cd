using Rx.Benchmarks.Measuring;
using ScottPlot;

namespace Rx.Benchmarks.Output;

/// <summary>Draws results as one curve for each contender, in a light and a dark version.</summary>
internal static class Curves
{
    private const int Width = 900;
    private const int Height = 420;

    /// <summary>Draws the given results to two files.</summary>
    /// <param name="folder">The folder for the files.</param>
    /// <param name="name">The name of the files, without <c>-light.png</c> and <c>-dark.png</c>.</param>
    /// <param name="title">The title above the chart.</param>
    /// <param name="axis">The label of the horizontal axis.</param>
    /// <param name="results">The results to draw, each at <see cref="Figure.At"/>.</param>
    public static void Draw(string folder, string name, string title, string axis, IReadOnlyList<Result> results)
    {
        Directory.CreateDirectory(folder);
        foreach (bool isDark in new[] { false, true })
        {
            using var plot = new Plot();
            Compose(plot, title, axis, results, isDark);
            plot.SavePng(Path.Combine(folder, $"{name}-{(isDark ? "dark" : "light")}.png"), Width, Height);
        }
    }

    private static void Compose(Plot plot, string title, string axis, IReadOnlyList<Result> results, bool isDark)
    {
        Color text = Color.FromHex(isDark ? "#e6edf3" : "#1f2328");
        Color back = Color.FromHex(isDark ? "#0d1117" : "#ffffff");
        Color line = Color.FromHex(isDark ? "#30363d" : "#d0d7de");

        foreach ((int index, IGrouping<string, Result> curve) in results.GroupBy(static r => r.Subject).Index())
        {
            Result[] points = [.. curve.OrderBy(static r => r.Figure.At)];
            ScottPlot.Plottables.Scatter scatter = plot.Add.Scatter(
                points.Select(static r => (double)r.Figure.At).ToArray(), points.Select(static r => r.Value).ToArray());
            scatter.LegendText = curve.Key;
            scatter.Color = Color.FromHex(Charts.Palette(isDark)[index]);
            scatter.LineWidth = 2;
            scatter.MarkerSize = 8;
        }

        int[] places = [.. results.Select(static r => r.Figure.At).Distinct().Order()];
        plot.Axes.Bottom.SetTicks([.. places.Select(static p => (double)p)], [.. places.Select(static p => $"{p}")]);
        plot.Axes.SetLimits(0.8, places[^1] + 0.2, 0, results.Max(static r => r.Value) * 1.1);
        plot.Axes.Bottom.Label.Text = axis;
        plot.Axes.Title.Label.Text = title;
        plot.Axes.Title.Label.FontSize = 16;
        plot.FigureBackground.Color = back;
        plot.DataBackground.Color = back;
        plot.Axes.Color(text);
        plot.Grid.MajorLineColor = line;
        plot.Legend.BackgroundColor = back;
        plot.Legend.FontColor = text;
        plot.Legend.OutlineColor = line;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.ShowLegend(Alignment.LowerRight);
        plot.Axes.Right.IsVisible = false;
        plot.Axes.Top.IsVisible = false;
    }
}
