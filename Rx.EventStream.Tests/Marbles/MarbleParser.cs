using System.Globalization;

namespace Rx.Tests;

/// <summary>Parses one marble line. <see cref="Marbles"/> describes the grammar.</summary>
internal sealed class MarbleParser
{
    private readonly string _line;
    private readonly List<Marble> _marbles = [];
    private int _index;
    private long _tick = 1;
    private bool _inGroup;

    public MarbleParser(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        _line = line;
    }

    public IReadOnlyList<Marble> Parse()
    {
        ReadBeforeStart();

        while (_index < _line.Length)
        {
            Read(_line[_index++]);
        }

        return _inGroup ? throw Wrong("a group without ')'") : _marbles;
    }

    private void ReadBeforeStart()
    {
        int colon = _line.IndexOf(':', StringComparison.Ordinal);

        if (colon < 0)
        {
            return;
        }

        // All marks left of the colon are in one tick, as in a group.
        (_tick, _inGroup) = (0, true);

        while (_index < colon)
        {
            Read(_line[_index++]);
        }

        (_index, _tick, _inGroup) = (colon + 1, 1, false);
    }

    private void Read(char mark)
    {
        switch (mark)
        {
            case ' ':
                break;
            case '-' when !_inGroup:
                _tick++;
                break;
            case '<' when !_inGroup:
                _tick += long.TryParse(ReadTo('>'), NumberStyles.None, CultureInfo.InvariantCulture, out long pause)
                    ? pause
                    : throw Wrong("a pause that is not a whole number");
                break;
            case '(' when !_inGroup:
                _inGroup = true;
                break;
            case ')' when _inGroup && _tick > 0:
                _inGroup = false;
                _tick++;
                break;
            case '|':
                Add(MarbleKind.Completed);
                break;
            case '#':
                Add(MarbleKind.Error);
                break;
            case '^':
                Add(MarbleKind.Subscribe);
                break;
            case '!':
                Add(MarbleKind.Dispose);
                break;
            case '{':
                Add(MarbleKind.Value, ReadTo('}'));
                break;
            case var value when char.IsLetterOrDigit(value):
                Add(MarbleKind.Value, value.ToString());
                break;
            default:
                throw Wrong($"'{mark}', which means nothing there");
        }
    }

    private void Add(MarbleKind kind, string text = "")
    {
        _marbles.Add(new Marble(_tick, kind, text));
        _tick += _inGroup ? 0 : 1;
    }

    private string ReadTo(char end)
    {
        int start = _index;
        int stop = _line.IndexOf(end, start);
        _index = stop < 0 ? throw Wrong($"no closing '{end}'") : stop + 1;
        return _line[start..stop];
    }

    private FormatException Wrong(string what) => new($"Marbles \"{_line}\" have {what}, at index {_index - 1}.");
}
