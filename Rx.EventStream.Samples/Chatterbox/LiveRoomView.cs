using System.Collections.Immutable;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>Shows the room on a terminal: the newest lines on the left, the members on the right.</summary>
internal sealed class LiveRoomView(IReadOnlyList<RoomAddress> addresses) : IRoomView
{
    /// <summary>More lines than any terminal shows.</summary>
    private const int MaxLines = 200;

    /// <summary>The title, the blank line below it, and the line of the cursor.</summary>
    private const int OtherLines = 3;

    private const int MembersWidth = 16;
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Queue<Markup> _lines = [];
    private ImmutableSortedSet<string> _members = Roster.Empty;
    private string _status = "connecting";
    private string? _lastMessage;

    public void ShowMembers(string? name, ImmutableSortedSet<string> members)
    {
        lock (_lock)
        {
            _members = members;
            _status = "watching";
        }
    }

    public void ShowEvent(Event roomEvent, ImmutableSortedSet<string> members)
    {
        lock (_lock)
        {
            _members = members;
            string text = Markup.Escape(RoomText.Format(roomEvent));
            Add(roomEvent.What == What.Chat ? text : $"[grey]{text}[/]");
        }
    }

    public void ShowNotice(string text)
    {
        lock (_lock)
        {
            _members = Roster.Empty;
            _status = "waiting for the server";
            Add($"[yellow]{Markup.Escape(text)}[/]");
        }
    }

    public void Close(string text) => Volatile.Write(ref _lastMessage, text);

    /// <summary>Draws until the task has completed.</summary>
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

        // Below the live display, which would draw over it.
        if (Volatile.Read(ref _lastMessage) is { } text)
        {
            await Console.Error.WriteLineAsync(text);
        }
    }

    private void Add(string markup)
    {
        _lines.Enqueue(new Markup(markup));
        if (_lines.Count > MaxLines)
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
                .AddRow(new LastLines([.. _lines.TakeLast(height)], height), new Rows(members));
            string title = $"[bold teal]chatterbox[/] [grey]at {Markup.Escape(string.Join(", ", addresses))}, {_status}, {_members.Count:N0} here[/]";
            return new Rows(new Markup(title), Text.Empty, grid);
        }
    }
}
