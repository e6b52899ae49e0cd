using System.Collections.Immutable;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>The room on a screen: what was said last on the left, who is there on the right.</summary>
internal sealed class RoomBoard(IReadOnlyList<RoomAddress> addresses) : IRoomView
{
    /// <summary>More lines than a screen has.</summary>
    private const int MostLines = 200;

    /// <summary>Title, the space below it, and the line that the cursor is in.</summary>
    private const int OtherLines = 3;

    private const int MembersWidth = 16;
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Queue<Markup> _lines = [];
    private ImmutableSortedSet<string> _members = Roster.Empty;
    private string _status = "looking for the room";
    private string? _goodbye;

    public void Arrived(string? name, ImmutableSortedSet<string> members)
    {
        lock (_lock)
        {
            _members = members;
            _status = "watching";
        }
    }

    public void Happened(Event happened, ImmutableSortedSet<string> members)
    {
        lock (_lock)
        {
            _members = members;
            string text = Markup.Escape(Wording.Of(happened));
            Add(happened.What == What.Chat ? text : $"[grey]{text}[/]");
        }
    }

    public void Notice(string text)
    {
        lock (_lock)
        {
            _members = Roster.Empty;
            _status = "waiting for the server";
            Add($"[yellow]{Markup.Escape(text)}[/]");
        }
    }

    public void Goodbye(string text) => Volatile.Write(ref _goodbye, text);

    /// <summary>Draws until the task is done.</summary>
    public async Task ShowAsync(Task done)
    {
        await AnsiConsole.Live(new Text("")).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Top).StartAsync(async screen =>
        {
            do
            {
                screen.UpdateTarget(Draw(AnsiConsole.Profile.Width, Math.Max(AnsiConsole.Profile.Height - OtherLines, 1)));
            }
            while (await Task.WhenAny(done, Task.Delay(_interval)) != done);
        });

        // Below the picture, not into it.
        if (Volatile.Read(ref _goodbye) is { } text)
        {
            await Console.Error.WriteLineAsync(text);
        }
    }

    private void Add(string markup)
    {
        _lines.Enqueue(new Markup(markup));
        if (_lines.Count > MostLines)
        {
            _lines.Dequeue();
        }
    }

    private Rows Draw(int width, int height)
    {
        lock (_lock)
        {
            IEnumerable<Text> members = _members.Count <= height
                ? _members.Select(m => new Text(m))
                : _members.Take(height - 1).Select(m => new Text(m)).Append(new Text($"and {_members.Count - height + 1:N0} more"));
            Grid grid = new Grid { Width = width }
                .AddColumn(new GridColumn().NoWrap().Width(Math.Max(width - MembersWidth - 4, 1)))
                .AddColumn(new GridColumn().NoWrap().Width(MembersWidth).PadRight(0))
                .AddRow(new Tail([.. _lines.TakeLast(height)], height), new Rows(members));
            string title = $"[bold teal]chatterbox[/] [grey]at {Markup.Escape(string.Join(", ", addresses))}, {_status}, {_members.Count:N0} here[/]";
            return new Rows(new Markup(title), Text.Empty, grid);
        }
    }
}
