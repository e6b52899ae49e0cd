using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Tour;

/// <summary>Draws lanes as marble lines, one below the other. Each tick is a column.</summary>
internal sealed class MarbleChart
{
    /// <summary>Black text is readable on each of these colours, whatever the terminal's own colours are.</summary>
    private static readonly Color[] _colours =
        [Color.Yellow, Color.Aqua, Color.Lime, Color.Orange1, Color.Fuchsia, Color.SkyBlue1, Color.Salmon1, Color.White];

    private static readonly Style _faint = new(Color.Grey);

    private readonly IReadOnlyList<Lane> _lanes;
    private readonly int _gap;

    /// <summary>The width of each tick's column, from the first tick.</summary>
    private readonly int[] _widths;

    /// <summary>The texts of all events. A text's index selects its colour.</summary>
    private readonly List<string> _events;

    private readonly char _line = AnsiConsole.Profile.Capabilities.Unicode ? '─' : '-';

    /// <param name="lanes">The lanes to draw.</param>
    /// <param name="ticks">The last tick to draw.</param>
    /// <param name="gap">The length of the line between two ticks, in characters.</param>
    /// <param name="minLabelWidth">The width to reserve for the names of lanes that are added later.</param>
    public MarbleChart(IReadOnlyList<Lane> lanes, int ticks, int gap, int minLabelWidth = 0)
    {
        _lanes = lanes;
        _gap = gap;
        LabelWidth = lanes.Select(lane => lane.Name.Length).Append(minLabelWidth).Max();
        _events = [.. lanes.Where(lane => !lane.IsMetric).SelectMany(lane => lane.Marbles).Where(marble => !marble.IsEnd).Select(marble => marble.Text).Distinct()];
        _widths = [.. Enumerable.Range(1, ticks).Select(tick => lanes.Select(lane => WidthOf(MarblesAt(lane, tick))).Append(1).Max())];
    }

    /// <summary>The length of the longest name.</summary>
    public int LabelWidth { get; }

    public int Width => LabelWidth + 2 + _widths.Sum(width => _gap + width) + _gap;

    public IRenderable Draw() => new Rows(_lanes.Select(Draw));

    private static Marble[] MarblesAt(Lane lane, int tick) => [.. lane.Marbles.Where(marble => marble.Tick == tick)];

    /// <summary>Single characters need no separator. Longer texts would run together without one.</summary>
    private static string SeparatorOf(Marble[] marbles) => marbles.All(marble => marble.Text.Length == 1) ? "" : " ";

    private static int WidthOf(Marble[] marbles) =>
        marbles.Sum(marble => marble.Text.Length) + (marbles.Length > 1 ? 2 + ((marbles.Length - 1) * SeparatorOf(marbles).Length) : 0);

    private Paragraph Draw(Lane lane)
    {
        var line = new Paragraph().Overflow(Overflow.Crop);
        line.Append(lane.Name.PadRight(LabelWidth + 2), lane.IsMetric ? _faint : Style.Plain);
        int end = lane.Marbles.Where(marble => marble.IsEnd).Select(marble => marble.Tick).FirstOrDefault(int.MaxValue);
        int blank = 0;
        for (int tick = 1; tick <= _widths.Length; tick++)
        {
            // The gap before a tick is drawn as a line if the lane existed in the previous tick.
            Fill(_gap, tick > lane.Since && tick <= end);
            Marble[] marbles = MarblesAt(lane, tick);
            if (marbles.Length > 0)
            {
                AppendBlank();
                Append(line, lane, marbles);
            }
            else if (tick == lane.Since && !lane.IsMetric)
            {
                AppendBlank();
                line.Append("^", _faint);
            }
            else
            {
                Fill(1, tick > lane.Since && tick < end);
            }

            Fill(_widths[tick - 1] - Math.Max(1, WidthOf(marbles)), tick >= lane.Since && tick < end);
        }

        Fill(_gap, end == int.MaxValue);
        return line;

        void Fill(int length, bool isLine)
        {
            if (isLine && !lane.IsMetric)
            {
                AppendBlank();
                line.Append(new string(_line, length), _faint);
            }
            else
            {
                blank += length;
            }
        }

        // Blanks are appended only when text follows, so no line ends with blanks.
        void AppendBlank()
        {
            line.Append(new string(' ', blank));
            blank = 0;
        }
    }

    private void Append(Paragraph line, Lane lane, Marble[] marbles)
    {
        string separator = SeparatorOf(marbles);
        for (int i = 0; i < marbles.Length; i++)
        {
            line.Append(marbles.Length == 1 ? "" : i == 0 ? "(" : separator, _faint);
            line.Append(marbles[i].Text, StyleOf(lane, marbles[i]));
        }

        line.Append(marbles.Length == 1 ? "" : ")", _faint);
    }

    /// <summary>An event has the same colour on every lane.</summary>
    private Style StyleOf(Lane lane, Marble marble) =>
        lane.IsMetric ? _faint
        : marble.IsEnd ? new Style(marble.Text == "X" ? Color.Red : null, decoration: Decoration.Bold)
        : new Style(Color.Black, _colours[_events.IndexOf(marble.Text) % _colours.Length]);
}
