using System.Collections.Immutable;
using System.Threading.Channels;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>A line to type in at the bottom of a terminal, and above it what happens in the room.</summary>
/// <remarks>What is typed does not stay: it shows when it comes back from the room, where everyone sees it, too.</remarks>
/// <param name="commands">What to tell at the start of what can be typed.</param>
internal sealed class Prompt(string commands) : IRoomView, IDisposable
{
    private const string Mark = "> ";
    private const string ClearLine = "\r\e[K";

    private readonly Lock _lock = new();
    private readonly LineEditor _editor = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private string? _name;
    private bool _hasToldCommands;
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
        if (!_hasToldCommands)
        {
            _hasToldCommands = true;
            Print($"[grey]{Markup.Escape(commands)}[/]");
        }
    }

    public void Happened(Event happened, ImmutableSortedSet<string> members)
    {
        string text = Markup.Escape(Wording.Of(happened));
        Print(happened.What != What.Chat ? $"[grey]{text}[/]" : happened.Who == _name ? $"[teal]{text}[/]" : text);
    }

    public void Notice(string text) => Print($"[yellow]{Markup.Escape(text)}[/]");

    public void Goodbye(string text)
    {
        Dispose();
        Console.Error.WriteLine(text);
    }

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

                // The first half of a pair is nothing to draw yet.
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

    /// <summary>Draws the line; of one too long for the terminal, the part around the cursor.</summary>
    private void Draw()
    {
        if (_isClosed)
        {
            return;
        }

        (string visible, int back) = _editor.Window(Math.Max(Console.WindowWidth - Mark.Length - 1, 1));
        Console.Write($"{ClearLine}{Mark}{visible}{(back > 0 ? $"\e[{back}D" : "")}");
    }
}
