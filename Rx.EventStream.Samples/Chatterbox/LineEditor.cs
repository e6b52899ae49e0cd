using System.Text;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>A line of text that the user is typing.</summary>
internal sealed class LineEditor
{
    private readonly StringBuilder _text = new();

    /// <summary>The index at which the next character is inserted.</summary>
    public int Cursor { get; private set; }

    public string Text => _text.ToString();

    /// <summary>Handles a key.</summary>
    /// <returns>The line, if the key completed it; otherwise null.</returns>
    public string? Press(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                string line = Text;
                Clear();
                return line;
            case ConsoleKey.Escape:
                Clear();
                break;
            case ConsoleKey.Backspace:
                int end = Cursor;
                Cursor = Previous(Cursor);
                _text.Remove(Cursor, end - Cursor);
                break;
            case ConsoleKey.Delete:
                _text.Remove(Cursor, Next(Cursor) - Cursor);
                break;
            case ConsoleKey.LeftArrow:
                Cursor = Previous(Cursor);
                break;
            case ConsoleKey.RightArrow:
                Cursor = Next(Cursor);
                break;
            case ConsoleKey.Home:
                Cursor = 0;
                break;
            case ConsoleKey.End:
                Cursor = _text.Length;
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _text.Insert(Cursor++, key.KeyChar);
                }

                break;
        }

        return null;
    }

    /// <summary>Gets as much of the text around the cursor as fits into the given number of terminal cells. A character can be two cells wide,
    /// or have no width.</summary>
    /// <returns>The text, and the number of cells from the cursor to the end of the text.</returns>
    public (string Text, int Back) Window(int cells)
    {
        // First to the left, as far as there is room, then to the right.
        int first = Cursor;
        int left = cells;
        while (first > 0 && WidthOf(Previous(first), first) <= left)
        {
            int previous = Previous(first);
            left -= WidthOf(previous, first);
            first = previous;
        }

        int last = Cursor;
        int back = 0;
        while (last < _text.Length && WidthOf(last, Next(last)) <= left)
        {
            int next = Next(last);
            left -= WidthOf(last, next);
            back += WidthOf(last, next);
            last = next;
        }

        return (_text.ToString(first, last - first), back);
    }

    private int WidthOf(int from, int to) => _text.ToString(from, to - from).GetCellWidth();

    private void Clear()
    {
        _text.Clear();
        Cursor = 0;
    }

    /// <summary>The index of the character to the left. A surrogate pair is one character.</summary>
    private int Previous(int index) =>
        index > 1 && char.IsSurrogatePair(_text[index - 2], _text[index - 1]) ? index - 2 : Math.Max(index - 1, 0);

    private int Next(int index) =>
        index < _text.Length - 1 && char.IsSurrogatePair(_text[index], _text[index + 1]) ? index + 2 : Math.Min(index + 1, _text.Length);
}
