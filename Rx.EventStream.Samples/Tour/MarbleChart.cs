using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Tour;

/// <summary>Lanes as marble lines below each other; what happened in one tick stands in one column.</summary>
internal sealed class MarbleChart
{
    /// <summary>Black on each of these can be read, whatever the terminal's own colours.</summary>
    private static readonly Color[] _colours =
        [Color.Yellow, Color.Aqua, Color.Lime, Color.Orange1, Color.Fuchsia, Color.SkyBlue1, Color.Salmon1, Color.White];

    private static readonly Style _faint = new(Color.Grey);

    private readonly IReadOnlyList<Lane> _lanes;
    private readonly int _gap;

    /// <summary>The widest of each tick, from the first.</summary>
    private readonly int[] _widths;

    /// <summary>All events there are, for their colours.</summary>
    private readonly List<string> _events;

    private readonly char _line = AnsiConsole.Profile.Capabilities.Unicode ? '─' : '-';

    /// <param name="lanes">What to draw.</param>
    /// <param name="ticks">Up to which tick.</param>
    /// <param name="gap">How much line there is between two ticks, in characters.</param>
    /// <param name="leastLabelWidth">What to keep free for names that are still to come.</param>
    public MarbleChart(IReadOnlyList<Lane> lanes, int ticks, int gap, int leastLabelWidth = 0)
    {
        _lanes = lanes;
        _gap = gap;
        LabelWidth = lanes.Select(lane => lane.Name.Length).Append(leastLabelWidth).Max();
        _events = [.. lanes.Where(lane => !lane.IsFigure).SelectMany(lane => lane.Marks).Where(m => !m.IsEnd).Select(m => m.Text).Distinct()];
        _widths = [.. Enumerable.Range(1, ticks).Select(tick => lanes.Select(lane => WidthOf(MarksAt(lane, tick))).Append(1).Max())];
    }

    /// <summary>The longest name.</summary>
    public int LabelWidth { get; }

    public int Width => LabelWidth + 2 + _widths.Sum(width => _gap + width) + _gap;

    public IRenderable Draw() => new Rows(_lanes.Select(Draw));

    private static Mark[] MarksAt(Lane lane, int tick) => [.. lane.Marks.Where(mark => mark.Tick == tick)];

    /// <summary>Letters need nothing between them; figures would run into each other.</summary>
    private static string SeparatorOf(Mark[] marks) => marks.All(mark => mark.Text.Length == 1) ? "" : " ";

    private static int WidthOf(Mark[] marks) =>
        marks.Sum(mark => mark.Text.Length) + (marks.Length > 1 ? 2 + ((marks.Length - 1) * SeparatorOf(marks).Length) : 0);

    private Paragraph Draw(Lane lane)
    {
        var line = new Paragraph().Overflow(Overflow.Crop);
        line.Append(lane.Name.PadRight(LabelWidth + 2), lane.IsFigure ? _faint : Style.Plain);
        int end = lane.Marks.Where(mark => mark.IsEnd).Select(mark => mark.Tick).FirstOrDefault(int.MaxValue);
        int blank = 0;
        for (int tick = 1; tick <= _widths.Length; tick++)
        {
            // What comes before a tick is line if the lane was there in the tick before.
            Fill(_gap, tick > lane.Since && tick <= end);
            Mark[] marks = MarksAt(lane, tick);
            if (marks.Length > 0)
            {
                AppendBlank();
                Append(line, lane, marks);
            }
            else if (tick == lane.Since && !lane.IsFigure)
            {
                AppendBlank();
                line.Append("^", _faint);
            }
            else
            {
                Fill(1, tick > lane.Since && tick < end);
            }

            Fill(_widths[tick - 1] - Math.Max(1, WidthOf(marks)), tick >= lane.Since && tick < end);
        }

        Fill(_gap, end == int.MaxValue);
        return line;

        void Fill(int length, bool isLine)
        {
            if (isLine && !lane.IsFigure)
            {
                AppendBlank();
                line.Append(new string(_line, length), _faint);
            }
            else
            {
                blank += length;
            }
        }

        // Late, so that no line ends with blanks.
        void AppendBlank()
        {
            line.Append(new string(' ', blank));
            blank = 0;
        }
    }

    private void Append(Paragraph line, Lane lane, Mark[] marks)
    {
        string separator = SeparatorOf(marks);
        for (int i = 0; i < marks.Length; i++)
        {
            line.Append(marks.Length == 1 ? "" : i == 0 ? "(" : separator, _faint);
            line.Append(marks[i].Text, StyleOf(lane, marks[i]));
        }

        line.Append(marks.Length == 1 ? "" : ")", _faint);
    }

    /// <summary>An event has one colour on all lanes.</summary>
    private Style StyleOf(Lane lane, Mark mark) =>
        lane.IsFigure ? _faint
        : mark.IsEnd ? new Style(mark.Text == "X" ? Color.Red : null, decoration: Decoration.Bold)
        : new Style(Color.Black, _colours[_events.IndexOf(mark.Text) % _colours.Length]);
}
