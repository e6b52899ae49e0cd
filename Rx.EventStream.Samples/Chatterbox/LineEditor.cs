using System.Text;
using Spectre.Console;

namespace Rx.Samples.Chatterbox;

/// <summary>A line of text that somebody is typing.</summary>
internal sealed class LineEditor
{
    private readonly StringBuilder _text = new();

    /// <summary>Where the next character goes; 0 is before the first.</summary>
    public int Cursor { get; private set; }

    public string Text => _text.ToString();

    /// <summary>Takes a key.</summary>
    /// <returns>The line, if the key finished it.</returns>
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
                Cursor = Before(Cursor);
                _text.Remove(Cursor, end - Cursor);
                break;
            case ConsoleKey.Delete:
                _text.Remove(Cursor, Behind(Cursor) - Cursor);
                break;
            case ConsoleKey.LeftArrow:
                Cursor = Before(Cursor);
                break;
            case ConsoleKey.RightArrow:
                Cursor = Behind(Cursor);
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

    /// <summary>As much of the text around the cursor as fits into so many cells of a terminal, where a character may take two, or none.</summary>
    /// <returns>The text, and by how many cells its end is behind the cursor.</returns>
    public (string Text, int Back) Window(int cells)
    {
        // To the left as far as there is room, then to the right.
        int first = Cursor;
        int left = cells;
        while (first > 0 && WidthOf(Before(first), first) <= left)
        {
            int before = Before(first);
            left -= WidthOf(before, first);
            first = before;
        }

        int last = Cursor;
        int back = 0;
        while (last < _text.Length && WidthOf(last, Behind(last)) <= left)
        {
            int behind = Behind(last);
            left -= WidthOf(last, behind);
            back += WidthOf(last, behind);
            last = behind;
        }

        return (_text.ToString(first, last - first), back);
    }

    private int WidthOf(int from, int to) => _text.ToString(from, to - from).GetCellWidth();

    private void Clear()
    {
        _text.Clear();
        Cursor = 0;
    }

    /// <summary>A step to the left; a pair of surrogates is one character.</summary>
    private int Before(int place) =>
        place > 1 && char.IsSurrogatePair(_text[place - 2], _text[place - 1]) ? place - 2 : Math.Max(place - 1, 0);

    private int Behind(int place) =>
        place < _text.Length - 1 && char.IsSurrogatePair(_text[place], _text[place + 1]) ? place + 2 : Math.Min(place + 1, _text.Length);
}
