using System.Text;

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
