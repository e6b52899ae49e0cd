using System.Text;

namespace Rx.Testing.Syntax;

/// <summary>Draws marble lines one below the other: what happens in the same frame is in the same column.</summary>
/// <remarks>
/// <code>
/// -(ab)-c|     a frame is as wide as its widest group
/// -a   -c|     spaces fill the others; the line stays valid marbles
/// </code>
/// </remarks>
internal sealed class Diagram
{
    /// <summary>A longer run of dashes is harder to count than to read as a number.</summary>
    private const long LongPause = 40;

    private readonly Dictionary<long, (int Column, string[] Texts)> _cells = [];
    private readonly string[] _lines;

    public Diagram(TimeSpan frame, params IReadOnlyList<IReadOnlyList<Mark>> lines)
    {
        bool isBeforeZero = lines.Any(line => line.Any(mark => mark.Frame < 0));
        ILookup<long, char>[] cells = [.. lines.Select(line => (isBeforeZero ? line.Prepend(new Mark(0, Mark.Subscribe)) : line).ToLookup(m => m.Frame, m => m.Symbol))];
        long[] lasts = [.. cells.Select(line => line.Select(cell => cell.Key).DefaultIfEmpty(long.MinValue).Max())];
        long[] frames = [.. cells.SelectMany(line => line.Select(cell => cell.Key)).Distinct().Order()];
        StringBuilder[] drawn = [.. lines.Select(_ => new StringBuilder())];
        long next = frames.Length > 0 ? Math.Min(0, frames[0]) : 0;
        int column = 0;

        foreach (long current in frames)
        {
            bool isLong = current - next >= LongPause;
            string pause = isLong
                ? $"{(column == 0 ? "" : " ")}{TimeProgression.Of(current - next, frame.Ticks)} "
                : new string('-', (int)(current - next));
            string[] texts = [.. cells.Select(line => TextOf(line, current, isAfterSpace: isLong || column + pause.Length == 0))];
            int width = texts.Max(text => text.Length);
            _cells[current] = (column + pause.Length, texts);

            for (int i = 0; i < drawn.Length; i++)
            {
                if (current <= lasts[i])
                {
                    drawn[i].Append(pause).Append((texts[i].Length == 0 ? "-" : texts[i]).PadRight(width));
                }
            }

            column += pause.Length + width;
            next = current + 1;
        }

        _lines = [.. drawn.Select(line => line.ToString().TrimEnd())];
    }

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The line alone.</summary>
    public static string Draw(IReadOnlyList<Mark> marks, TimeSpan frame) => new Diagram(frame, [marks]).Lines[0];

    /// <summary>The column of the first character that differs between two lines in a frame, or of the frame if they look the same there.</summary>
    public int ColumnOfDifference(long frame, int first, int second)
    {
        (int column, string[] texts) = _cells[frame];
        int common = texts[first].AsSpan().CommonPrefixLength(texts[second]);
        return texts[first] == texts[second] ? column : column + common;
    }

    private static string TextOf(ILookup<long, char> line, long frame, bool isAfterSpace)
    {
        string symbols = string.Concat(line[frame]);
        return symbols.Length > 1 || (isAfterSpace && symbols.Length == 1 && TimeProgression.IsReadFrom(SymbolsFrom(line, frame)))
            ? $"({symbols})"
            : symbols;
    }

    /// <summary>The values in this frame and in those right after it.</summary>
    private static string SymbolsFrom(ILookup<long, char> line, long frame)
    {
        var symbols = new StringBuilder();

        for (; line[frame].Count() == 1; frame++)
        {
            symbols.Append(line[frame].First());
        }

        return symbols.ToString();
    }
}
