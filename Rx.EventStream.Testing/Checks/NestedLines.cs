using System.Reactive;
using Rx.Testing.Syntax;

namespace Rx.Testing.Checks;

/// <summary>An observable of observables as marble lines: the outer one, and a lane for each inner one, in absolute time.</summary>
internal sealed class NestedLines<T>
{
    private readonly MarbleNestedRecording<T> _recording;
    private readonly MarbleValues<T> _values;
    private readonly Symbols<T> _symbols;
    private readonly List<IReadOnlyList<Mark>> _lanes = [];

    /// <summary>The inner observables get the names in their order, and letters after that.</summary>
    public NestedLines(MarbleNestedRecording<T> recording, IReadOnlyList<char> names, MarbleValues<T> values)
    {
        (_recording, _values, _symbols) = (recording, values, new Symbols<T>(values, []));
        var letters = new Queue<char>(Enumerable.Range('a', 26).Select(code => (char)code).Where(letter => !names.Contains(letter)));
        var marks = new List<Mark>();

        foreach (MarbleNotification<MarbleRecording<T>> outer in recording.Notifications)
        {
            marks.Add(new Mark(outer.Frame, outer.Notification.Kind switch
            {
                NotificationKind.OnCompleted => Mark.Completed,
                NotificationKind.OnError => Mark.Error,
                _ => Inner.Count < names.Count ? names[Inner.Count] : letters.TryDequeue(out char letter) ? letter : '?',
            }));

            if (outer.Notification.HasValue)
            {
                Inner.Add((outer.Frame, outer.Notification.Value));
            }
        }

        Outer = marks;
        _lanes.AddRange(Inner.Select(inner => _symbols.MarksOf(inner.Recording.Notifications.Select(n => (n.Frame, n.Notification)))));
    }

    public IReadOnlyList<Mark> Outer { get; }

    public List<(long Frame, MarbleRecording<T> Recording)> Inner { get; } = [];

    public IEnumerable<string> Legend => _symbols.Legend;

    /// <summary>Draws all lines, and returns the number of the first.</summary>
    public int Draw(Sheet sheet, string label)
    {
        int first = sheet.Add(label, Outer);
        char[] names = [.. Outer.Select(mark => mark.Symbol).Where(Mark.IsValue)];

        foreach ((char name, IReadOnlyList<Mark> lane) in names.Zip(_lanes))
        {
            sheet.Add($"  {name}", lane);
        }

        sheet.AddNotes(Legend);
        return first;
    }

    /// <summary>What differs from the expected lines, or null.</summary>
    /// <param name="name">The source.</param>
    /// <param name="outer">The expected outer marks.</param>
    /// <param name="inner">The expected marks of each inner observable, relative to its start, in the order of the outer values.</param>
    public string? Failure(string name, IReadOnlyList<Mark> outer, IReadOnlyList<IReadOnlyList<Mark>> inner)
    {
        Mark[] starts = [.. outer.Where(mark => Mark.IsValue(mark.Symbol))];
        int lane = -1;
        long frame = 0;

        if (!outer.SequenceEqual(Outer))
        {
            int common = outer.Zip(Outer).TakeWhile(pair => pair.First == pair.Second).Count();
            frame = outer.Skip(common).Take(1).Concat(Outer.Skip(common).Take(1)).Min(mark => mark.Frame);
            lane = 0;
        }

        for (int i = 0; i < inner.Count && lane < 0; i++)
        {
            (long Frame, Notification<T> Notification)[] actual =
                [.. Inner[i].Recording.Notifications.Select(n => (n.Frame - Inner[i].Frame, n.Notification))];

            if (RecordingCheck.FirstDifference(inner[i], actual, _values) is { } index)
            {
                frame = starts[i].Frame + RecordingCheck.FrameOf(index, inner[i], actual);
                lane = i + 1;
            }
        }

        if (lane < 0)
        {
            return null;
        }

        var sheet = new Sheet(_recording.Outer.Scheduler.Frame);
        int expectedLine = sheet.Add("expected", outer);

        foreach ((Mark start, IReadOnlyList<Mark> marks) in starts.Zip(inner))
        {
            sheet.Add($"  {start.Symbol}", [.. marks.Select(mark => mark with { Frame = mark.Frame + start.Frame })]);
        }

        sheet.PointAt(frame, expectedLine + lane, Draw(sheet, "actual") + lane);
        return $"{name} differs from the marbles in frame {frame}:{Environment.NewLine}{sheet.ToString("  ")}";
    }
}
