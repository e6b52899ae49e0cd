using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Tour;

/// <summary>How a screen looks: code on the left, marbles on the right, and where that is too wide, below each other.</summary>
internal sealed class ScreenView
{
    /// <summary>The borders and paddings of the two columns.</summary>
    private const int Frames = 7;

    /// <summary>Longer lines of text are hard to read.</summary>
    private const int TextWidth = 100;

    /// <summary>How far ticks are apart, where there is room, and where there is not.</summary>
    private const int WideGap = 2;
    private const int NarrowGap = 1;

    private readonly Screen _screen;
    private readonly string _place;
    private readonly int _width = Console.IsOutputRedirected ? int.MaxValue : AnsiConsole.Profile.Width;

    /// <summary>The layout, which stays while marbles are added: how far ticks are apart, how wide names are, and how wide the right
    /// column is, or 0 where there is none.</summary>
    private readonly int _gap;
    private readonly int _labelWidth;
    private readonly int _column;

    /// <param name="screen">What to show.</param>
    /// <param name="place">Where on the tour it is.</param>
    /// <param name="whole">A stage on which it was played to its end, for how much room it takes.</param>
    public ScreenView(Screen screen, string place, Stage whole)
    {
        (_screen, _place) = (screen, place);
        (int wide, _labelWidth) = Measure(WideGap);
        (int narrow, _) = Measure(NarrowGap);

        // What goes to a file is read from top to bottom, and by programs.
        int free = Console.IsOutputRedirected ? 0 : _width - Frames - screen.Code.Max(line => line.Length);
        _column = wide <= free || narrow <= free ? Math.Min(free, Math.Max(wide, whole.Remarks.Select(r => r.Length).DefaultIfEmpty().Max())) : 0;
        _gap = wide <= (_column > 0 ? _column : _width) ? WideGap : NarrowGap;

        (int Width, int LabelWidth) Measure(int gap)
        {
            var chart = new MarbleChart(whole.Lanes, whole.Tick, gap);
            return (chart.Width, chart.LabelWidth);
        }
    }

    /// <summary>What has happened on the stage so far.</summary>
    public IRenderable Draw(Stage stage)
    {
        IRenderable code = CodeView.Draw(_screen.Code);
        Rows marbles = new(
        [
            new MarbleChart(stage.Lanes, stage.Tick, _gap, _labelWidth).Draw(),
            .. stage.Remarks.Select(remark => new Text(remark, new Style(Color.Teal))),
        ]);
        return _column > 0
            ? new Rows(Header(), Text.Empty, SideBySide(code, marbles))
            : new Rows(Header(), Text.Empty, code, Text.Empty, marbles);
    }

    private Table SideBySide(IRenderable code, IRenderable marbles) =>
        new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey)
            .AddColumn(new TableColumn("[grey]code[/]").NoWrap())
            .AddColumn(new TableColumn("[grey]what happens[/]").Width(_column))
            .AddRow(code, marbles);

    private Rows Header() => new(
        new Markup($"[bold teal]{Markup.Escape(_screen.Title)}[/] [grey]{_place}[/]"),
        new Padder(new Text(_screen.Text), new Padding(0, 0, Console.IsOutputRedirected ? 0 : Math.Max(0, _width - TextWidth), 0)));
}
