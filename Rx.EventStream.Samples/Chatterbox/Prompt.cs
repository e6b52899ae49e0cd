using System.Collections.Immutable;
using System.Threading.Channels;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>Shows the room on a terminal, with an input line below it.</summary>
/// <remarks>A typed line is cleared when it is sent. It is shown when it comes back from the room as an event.</remarks>
/// <param name="commands">A description of the commands, to show after the client has connected.</param>
internal sealed class Prompt(string commands) : IRoomView, IDisposable
{
    private const string Symbol = "> ";
    private const string ClearLine = "\r\e[K";

    private readonly Lock _lock = new();
    private readonly LineEditor _editor = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private string? _name;
    private bool _hasShownCommands;
    private bool _isClosed;

    /// <summary>Reads the typed lines, until Ctrl-D is pressed on an empty line.</summary>
    public IAsyncEnumerable<string> ReadLinesAsync()
    {
        new Thread(ReadKeys) { Name = "prompt", IsBackground = true }.Start();
        return _lines.Reader.ReadAllAsync();
    }

    public void ShowMembers(string? name, ImmutableSortedSet<string> members)
    {
        _name = name;
        Print($"[teal]{(name is null ? "" : $"You are {Markup.Escape(name)}. ")}{Markup.Escape(RoomText.Format(members))}.[/]");
        if (!_hasShownCommands)
        {
            _hasShownCommands = true;
            Print($"[grey]{Markup.Escape(commands)}[/]");
        }
    }

    public void ShowEvent(Event roomEvent, ImmutableSortedSet<string> members)
    {
        string text = Markup.Escape(RoomText.Format(roomEvent));
        Print(roomEvent.What != What.Chat ? $"[grey]{text}[/]" : roomEvent.Who == _name ? $"[teal]{text}[/]" : text);
    }

    public void ShowNotice(string text) => Print($"[yellow]{Markup.Escape(text)}[/]");

    public void Close(string text)
    {
        Dispose();
        Console.Error.WriteLine(text);
    }

    /// <summary>Clears the input line. Nothing is drawn after that.</summary>
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

                // The first half of a surrogate pair cannot be drawn yet.
                if (!char.IsHighSurrogate(key.KeyChar))
                {
                    Draw();
                }
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

    /// <summary>Draws the input line, or the part around the cursor if the line is too long for the terminal.</summary>
    private void Draw()
    {
        if (_isClosed)
        {
            return;
        }

        (string visible, int back) = _editor.Window(Math.Max(Console.WindowWidth - Symbol.Length - 1, 1));
        Console.Write($"{ClearLine}{Symbol}{visible}{(back > 0 ? $"\e[{back}D" : "")}");
    }
}
