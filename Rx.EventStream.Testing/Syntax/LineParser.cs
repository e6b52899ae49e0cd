using System.Text.RegularExpressions;

namespace Rx.Testing.Syntax;

/// <summary>Reads one marble line. <see cref="Marbles"/> describes the syntax.</summary>
internal sealed class LineParser
{
    private readonly string _line;
    private readonly LineKind _kind;
    private readonly long _ticksPerFrame;
    private readonly List<Mark> _marks = [];
    private int _index;
    private long _frame;
    private int? _groupStart;
    private long? _origin;

    private LineParser(string line, LineKind kind, TimeSpan frame)
    {
        ArgumentNullException.ThrowIfNull(line);
        (_line, _kind, _ticksPerFrame) = (line, kind, frame.Ticks);
    }

    /// <summary>The marks of a line, in order of time. In a hot line, <c>^</c> is frame 0, and it is no mark.</summary>
    public static IReadOnlyList<Mark> Parse(string line, LineKind kind, TimeSpan frame)
    {
        var parser = new LineParser(line, kind, frame);
        parser.Read();
        return kind == LineKind.Hot && parser._origin is { } origin
            ? [.. parser._marks.Where(mark => mark.Symbol != Mark.Subscribe).Select(mark => mark with { Frame = mark.Frame - origin })]
            : parser._marks;
    }

    /// <summary>The frames of a line that is only a length of time.</summary>
    public static long Length(string line, TimeSpan frame)
    {
        var parser = new LineParser(line, LineKind.Time, frame);
        parser.Read();
        return parser._frame;
    }

    /// <summary>An exception that shows the line, and points at a character.</summary>
    public static FormatException Fault(string line, int index, string what) =>
        new($"The marbles have {what}:{Environment.NewLine}  {line}{Environment.NewLine}  {new string(' ', index)}^");

    private void Read()
    {
        while (_index < _line.Length)
        {
            if (TimeProgression.Match(_line, _index) is { Success: true } progression)
            {
                Advance(progression);
            }
            else
            {
                Read(_line[_index]);
                _index++;
            }
        }

        if (_groupStart is { } start)
        {
            throw Fault(_line, start, "a group without a ')'");
        }
    }

    private void Advance(Match progression)
    {
        if (_groupStart is not null)
        {
            throw Fault("a time progression in a group, which is one frame");
        }

        _frame += TimeProgression.Frames(progression, _ticksPerFrame)
            ?? throw Fault($"a time that is not a whole number of frames of {TimeProgression.Of(1, _ticksPerFrame)}");
        _index += progression.Length;
    }

    private void Read(char symbol)
    {
        switch (symbol)
        {
            case var space when char.IsWhiteSpace(space):
                break;
            case '-' when _groupStart is null:
                _frame++;
                break;
            case '-':
                throw Fault("a '-' in a group, which is one frame");
            case '(' when _kind == LineKind.Time:
                throw Fault("a group, which a length of time cannot have");
            case '(' when _groupStart is null:
                _groupStart = _index;
                break;
            case '(':
                throw Fault("a group in a group");
            case ')' when _groupStart is null:
                throw Fault("a ')' without a group");
            case ')' when _line[_groupStart.Value..(_index)].AsSpan(1).IsWhiteSpace():
                throw Fault("an empty group");
            case ')':
                _groupStart = null;
                _frame++;
                break;
            default:
                Add(symbol);
                break;
        }
    }

    private void Add(char symbol)
    {
        CheckIsAllowed(symbol);
        _marks.Add(new Mark(_frame, symbol));

        if (symbol == Mark.Subscribe)
        {
            _origin = _frame;
        }

        _frame += _groupStart is null ? 1 : 0;
    }

    private void CheckIsAllowed(char symbol)
    {
        bool isAllowed = symbol switch
        {
            Mark.Subscribe => _kind is LineKind.Hot or LineKind.Subscription,
            Mark.Unsubscribe => _kind is LineKind.Subscription,
            Mark.Completed or Mark.Error => _kind is LineKind.Hot or LineKind.Notifications,
            _ => _kind is LineKind.Hot or LineKind.Notifications && Mark.IsValue(symbol),
        };

        if (!isAllowed)
        {
            throw Fault(_kind switch
            {
                LineKind.Subscription => $"a '{symbol}', but a subscription has only '^' and '!'",
                LineKind.Time => $"a '{symbol}', but a length of time has only dashes and time progressions",
                _ when symbol == Mark.Subscribe => "a '^', which only hot marbles and subscriptions can have",
                _ when symbol == Mark.Unsubscribe => "a '!', which only subscriptions can have",
                _ => "a character that cannot stand for a value",
            });
        }

        if (symbol is Mark.Subscribe or Mark.Unsubscribe && _marks.Exists(mark => mark.Symbol == symbol))
        {
            throw Fault($"a second '{symbol}'");
        }
    }

    private FormatException Fault(string what) => Fault(_line, _index, what);
}
