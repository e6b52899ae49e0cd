using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Pulse;

/// <summary>Shows tables that are updated in place, for terminals.</summary>
internal sealed class LiveView
{
    private const int TicksPerSecond = 5;

    /// <summary>The number of lines that are not measures: header, table heads, subscribers, footer, blank lines.</summary>
    private const int OtherLines = 14;

    /// <summary>Narrower windows do not show the maximum lag.</summary>
    private const int MaxLagWidth = 57;

    /// <summary>The width of the tables' invisible padding at the right edge.</summary>
    private const int Margin = 5;

    private readonly PulseState _state;
    private readonly bool _isUnicode = AnsiConsole.Profile.Capabilities.Unicode;
    private readonly Dictionary<string, Sparkline> _lines = [];
    private readonly Queue<long> _published = [];

    private LiveView(PulseState state) => _state = state;

    public static Task ShowAsync(PulseState state, Task done)
    {
        var view = new LiveView(state);
        return AnsiConsole.Live(new Text(""))
            .AutoClear(true)
            .Overflow(VerticalOverflow.Crop)
            .Cropping(VerticalOverflowCropping.Bottom)
            .StartAsync(async screen =>
            {
                do
                {
                    view.Tick();
                    screen.UpdateTarget(view.Draw());
                }
                while (await Task.WhenAny(done, Task.Delay(TimeSpan.FromSeconds(1.0 / TicksPerSecond))) != done);
            });
    }

    private void Tick()
    {
        foreach (Measure measure in Measure.All)
        {
            if (_state.Latest.Find(measure.Name) is { } newest)
            {
                Line(measure.Name).Add(newest.Value);
            }
        }

        foreach (Subscriber subscriber in _state.Subscribers.Where(s => s.HasJoined))
        {
            Line(subscriber.Name).Add(subscriber.Lag);
        }

        _published.Enqueue(_state.Published);
        if (_published.Count > TicksPerSecond + 1)
        {
            _published.Dequeue();
        }
    }

    private Sparkline Line(string name)
    {
        if (!_lines.TryGetValue(name, out Sparkline? line))
        {
            _lines[name] = line = new Sparkline();
        }

        return line;
    }

    private Rows Draw()
    {
        Profile terminal = AnsiConsole.Profile;
        int width = Math.Min(terminal.Width, 110);
        return new Rows(
            Header(width),
            Text.Empty,
            Measures(width, Math.Clamp(terminal.Height - OtherLines, 1, Measure.All.Count)),
            Text.Empty,
            Subscribers(width),
            Text.Empty,
            Footer(width));
    }

    private Grid Header(int width)
    {
        Grid header = new Grid { Width = width - Margin }
            .AddColumn(new GridColumn().NoWrap())
            .AddColumn(new GridColumn().NoWrap().RightAligned());
        string time = _state.IsCatchingUp
            ? "publishing has ended"
            : $"{Math.Min(_state.Elapsed.TotalSeconds, _state.Seconds):0} of {_state.Seconds} s";
        string title = "[bold teal]pulse[/]" + (width >= 70 ? "  [grey]this machine's live data through one stream[/]" : "");
        return header.AddRow(new Markup(title), new Markup($"[grey]{time}[/]"));
    }

    private Table Measures(int width, int count)
    {
        int lineWidth = LineWidth(width, 18 + 14 + 9);
        Table table = NewTable()
            .AddColumn(new TableColumn("[grey]Measure[/]").Width(18).NoWrap())
            .AddColumn(new TableColumn("[grey]Now[/]").Width(14).NoWrap().RightAligned().PadRight(3));
        if (lineWidth > 0)
        {
            table.AddColumn(NewLineColumn($"Last {lineWidth / TicksPerSecond} s", lineWidth));
        }

        foreach (Measure measure in Measure.All.Where(m => _state.Latest.Find(m.Name) is not null).Take(count))
        {
            Add(
                table,
                Line(measure.Name).Draw(lineWidth, measure.Scale, _isUnicode),
                Colour(measure),
                new Text(measure.Label),
                new Text(_state.Latest.Format(measure.Name)));
        }

        return table;
    }

    private Table Subscribers(int width)
    {
        int lineWidth = LineWidth(width, 11 + 9 + 7 + 8 + 9 + 13);
        Table table = NewTable()
            .AddColumn(new TableColumn("[grey]Subscriber[/]").Width(11).NoWrap())
            .AddColumn(new TableColumn("[grey]Delivered[/]").Width(9).NoWrap().RightAligned())
            .AddColumn(new TableColumn("[grey]Dropped[/]").Width(9).NoWrap().RightAligned())
            .AddColumn(new TableColumn("[grey]Lag[/]").Width(7).NoWrap().RightAligned());
        if (width >= MaxLagWidth)
        {
            table.AddColumn(new TableColumn("[grey]Max lag[/]").Width(8).NoWrap().RightAligned().PadRight(3));
        }

        if (lineWidth > 0)
        {
            table.AddColumn(NewLineColumn("Lag over time", lineWidth));
        }

        // One scale for all subscribers, so that a subscriber that keeps up shows low bars.
        double scale = Math.Max(10, _state.Subscribers.Max(s => Line(s.Name).Max));
        foreach (Subscriber s in _state.Subscribers)
        {
            if (!s.HasJoined)
            {
                table.AddRow(new Markup($"[grey]{s.Name}[/]"), new Markup("[grey]not yet[/]"));
                continue;
            }

            List<Text> cells = [new(s.Name), new($"{s.Delivered:N0}"), Dropped(s), new($"{s.Lag:N0}")];
            if (width >= MaxLagWidth)
            {
                cells.Add(new($"{s.MaxLag:N0}"));
            }

            Add(table, Line(s.Name).Draw(lineWidth, scale, _isUnicode), "yellow", [.. cells]);
        }

        return table;
    }

    /// <summary>Empty for a subscriber whose policy never drops an event.</summary>
    private static Text Dropped(Subscriber subscriber) => new(subscriber.MissesNothing ? "" : $"{subscriber.Dropped:N0}");

    private Markup Footer(int width)
    {
        double rate = (double)(_published.Last() - _published.Peek()) * TicksPerSecond / Math.Max(1, _published.Count - 1);
        string producers = width < 70
            ? ""
            : " by " + string.Join(_isUnicode ? " · " : ", ", _state.Producers.Select(p => $"{p.Source} {p.Published:N0}"));
        return new Markup($"[grey]published[/] {_published.Last():N0} [grey]at {rate:N0}/s{producers}[/]");
    }

    private static Table NewTable() => new Table().Border(TableBorder.None);

    private static int LineWidth(int width, int others) => width - others < 16 ? 0 : width - others;

    private static string Colour(Measure measure) =>
        measure.Name.StartsWith("system", StringComparison.Ordinal) ? "green"
        : measure.Name.StartsWith("folder", StringComparison.Ordinal) ? "yellow"
        : "teal";

    private static TableColumn NewLineColumn(string title, int width) =>
        new TableColumn($"[grey]{title}[/]").Width(width).NoWrap().PadRight(0);

    private static void Add(Table table, string line, string colour, params IRenderable[] cells) =>
        table.AddRow(line.Length == 0 ? cells : [.. cells, new Markup($"[{colour}]{line}[/]")]);
}
