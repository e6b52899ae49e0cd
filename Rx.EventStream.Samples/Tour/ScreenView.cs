using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Tour;

/// <summary>Draws a screen: code and marbles side by side, or the marbles below the code if the terminal is too narrow.</summary>
internal sealed class ScreenView
{
    /// <summary>The width of the two columns' borders and padding.</summary>
    private const int Borders = 7;

    /// <summary>Longer lines of text are hard to read.</summary>
    private const int TextWidth = 100;

    /// <summary>The distance between two ticks, if there is room and if there is not.</summary>
    private const int WideGap = 2;
    private const int NarrowGap = 1;

    private readonly Screen _screen;
    private readonly string _place;
    private readonly int _width = Console.IsOutputRedirected ? int.MaxValue : AnsiConsole.Profile.Width;

    /// <summary>The layout, which does not change while marbles are added: the distance between two ticks, the width of the names, and the
    /// width of the right column, or 0 if there is no right column.</summary>
    private readonly int _gap;
    private readonly int _labelWidth;
    private readonly int _column;

    /// <param name="screen">The screen to draw.</param>
    /// <param name="place">The screen's number on the tour, for the title.</param>
    /// <param name="finished">A player that has played the whole screen. It tells how much room the screen needs.</param>
    public ScreenView(Screen screen, string place, ScreenPlayer finished)
    {
        (_screen, _place) = (screen, place);
        (int wide, _labelWidth) = Measure(WideGap);
        (int narrow, _) = Measure(NarrowGap);

        // Redirected output is read from top to bottom, and by programs.
        int free = Console.IsOutputRedirected ? 0 : _width - Borders - screen.Code.Max(line => line.Length);
        _column = wide <= free || narrow <= free ? Math.Min(free, Math.Max(wide, finished.Notes.Select(r => r.Length).DefaultIfEmpty().Max())) : 0;
        _gap = wide <= (_column > 0 ? _column : _width) ? WideGap : NarrowGap;

        (int Width, int LabelWidth) Measure(int gap)
        {
            var chart = new MarbleChart(finished.Lanes, finished.Tick, gap);
            return (chart.Width, chart.LabelWidth);
        }
    }

    /// <summary>Draws what has happened so far.</summary>
    public IRenderable Draw(ScreenPlayer player)
    {
        IRenderable code = CodeView.Draw(_screen.Code);
        Rows marbles = new(
        [
            new MarbleChart(player.Lanes, player.Tick, _gap, _labelWidth).Draw(),
            .. player.Notes.Select(note => new Text(note, new Style(Color.Teal))),
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
