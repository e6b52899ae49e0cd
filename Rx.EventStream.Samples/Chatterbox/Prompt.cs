using System.Collections.Immutable;
using System.Threading.Channels;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>A line to type in at the bottom of a terminal, and above it what happens in the room.</summary>
/// <remarks>What is typed does not stay: it shows when it comes back from the room, where everyone sees it, too.</remarks>
internal sealed class Prompt : IRoomView, IDisposable
{
    private const string Mark = "> ";
    private const string ClearLine = "\r\e[K";

    private readonly Lock _lock = new();
    private readonly LineEditor _editor = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private string? _name;
    private bool _isClosed;

    /// <summary>The lines that are typed, until Ctrl-D on an empty one.</summary>
    public IAsyncEnumerable<string> ReadLinesAsync()
    {
        new Thread(ReadKeys) { Name = "prompt", IsBackground = true }.Start();
        return _lines.Reader.ReadAllAsync();
    }

    public void Arrived(string? name, ImmutableSortedSet<string> members)
    {
        _name = name;
        Print($"[teal]{(name is null ? "" : $"You are {Markup.Escape(name)}. ")}{Markup.Escape(Wording.Of(members))}.[/]");
    }

    public void Happened(Event happened, ImmutableSortedSet<string> members)
    {
        string text = Markup.Escape(Wording.Of(happened));
        Print(happened.What != What.Chat ? $"[grey]{text}[/]" : happened.Who == _name ? $"[teal]{text}[/]" : text);
    }

    public void Notice(string text) => Print($"[yellow]{Markup.Escape(text)}[/]");

    /// <summary>Leaves the terminal with an empty line, and draws no more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            Console.Write(ClearLine);
        }
    }

    private void ReadKeys()
    {
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            lock (_lock)
            {
                if (key is { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } && _editor.Text.Length == 0)
                {
                    _lines.Writer.Complete();
                    return;
                }

                if (_editor.Press(key) is { Length: > 0 } line)
                {
                    _lines.Writer.TryWrite(line);
                }

                Draw();
            }
        }
    }

    private void Print(string markup)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                Console.Write(ClearLine);
                AnsiConsole.MarkupLine(markup);
                Draw();
            }
        }
    }

    /// <summary>Draws the line; of one too long for the terminal, the part around the cursor.</summary>
    private void Draw()
    {
        if (_isClosed)
        {
            return;
        }

        int width = Math.Max(Console.WindowWidth - Mark.Length - 1, 1);
        int first = Math.Max(_editor.Cursor - width, 0);
        string visible = _editor.Text[first..Math.Min(_editor.Text.Length, first + width)];
        int back = first + visible.Length - _editor.Cursor;
        Console.Write($"{ClearLine}{Mark}{visible}{(back > 0 ? $"\e[{back}D" : "")}");
    }
}
