using System.Text;
using Rx.Testing.Syntax;

namespace Rx.Testing.Checks;

/// <summary>Labelled marble lines, one below the other, and what marbles cannot show.</summary>
internal sealed class Sheet
{
    private readonly TimeSpan _frame;
    private readonly List<(string Label, IReadOnlyList<Mark> Marks)> _lines = [];
    private readonly List<string> _notes = [];
    private (long Frame, int Expected, int Actual)? _difference;

    public Sheet(TimeSpan frame) => _frame = frame;

    /// <summary>Adds a line, and returns its number.</summary>
    public int Add(string label, IReadOnlyList<Mark> marks)
    {
        _lines.Add((label, marks));
        return _lines.Count - 1;
    }

    public void AddNotes(IEnumerable<string> notes) => _notes.AddRange(notes);

    /// <summary>Puts a caret under the second of two lines, where it differs from the first.</summary>
    public void PointAt(long frame, int expected, int actual) => _difference = (frame, expected, actual);

    public override string ToString() => ToString(indent: "");

    public string ToString(string indent)
    {
        var diagram = new Diagram(_frame, [.. _lines.Select(line => line.Marks)]);
        int labels = _lines.Max(line => line.Label.Length);
        string gap = labels == 0 ? "" : "  ";
        var text = new StringBuilder();

        for (int i = 0; i < _lines.Count; i++)
        {
            Append($"{_lines[i].Label.PadRight(labels)}{gap}{diagram.Lines[i]}");

            if (_difference is { } difference && difference.Actual == i)
            {
                Append(new string(' ', labels + gap.Length + diagram.ColumnOfDifference(difference.Frame, difference.Expected, i)) + "^");
            }
        }

        _notes.ForEach(Append);
        return text.ToString();

        void Append(string line) => text.Append(text.Length == 0 ? "" : Environment.NewLine).Append((indent + line).TrimEnd());
    }
}
