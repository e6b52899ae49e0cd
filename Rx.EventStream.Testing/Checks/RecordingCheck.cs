using System.Reactive;
using Rx.Testing.Syntax;

namespace Rx.Testing.Checks;

/// <summary>Compares a recording with marbles.</summary>
internal static class RecordingCheck
{
    /// <summary>What differs, or null.</summary>
    public static string? Failure<T>(MarbleRecording<T> recording, string name, IReadOnlyList<Mark> expected, MarbleValues<T> values)
    {
        (long Frame, Notification<T> Notification)[] actual = [.. recording.Notifications.Select(n => (n.Frame, n.Notification))];

        if (FirstDifference(expected, actual, values) is not { } index)
        {
            return null;
        }

        long frame = FrameOf(index, expected, actual);
        var symbols = new Symbols<T>(values, expected.Select(mark => mark.Symbol));
        IReadOnlyList<Mark> drawn = symbols.MarksOf(actual);
        var sheet = new Sheet(recording.Scheduler.Frame);
        sheet.PointAt(frame, sheet.Add("expected", expected), sheet.Add("actual", drawn));
        foreach (Mark mark in expected)
        {
            symbols.Explain(mark.Symbol);
        }

        sheet.AddNotes(symbols.Legend);

        if (recording.Lane is null)
        {
            recording.Scheduler.DrawLanes(sheet);
        }

        if (NeedsNotifications(frame, expected, drawn))
        {
            sheet.AddNotes(Notifications(recording, expected, values));
        }

        return $"{name} differs from the marbles in frame {frame}:{Environment.NewLine}{sheet.ToString("  ")}";
    }

    /// <summary>The index of the first notification that is not as expected, or null.</summary>
    public static int? FirstDifference<T>(IReadOnlyList<Mark> expected, IReadOnlyList<(long Frame, Notification<T> Notification)> actual, MarbleValues<T> values)
    {
        for (int i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            if (i >= expected.Count || i >= actual.Count || expected[i].Frame != actual[i].Frame || !Matches(expected[i].Symbol, actual[i].Notification, values))
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>The frame of the difference: that of the notification which comes first.</summary>
    public static long FrameOf<T>(int index, IReadOnlyList<Mark> expected, IReadOnlyList<(long Frame, Notification<T> Notification)> actual) =>
        Math.Min(index < expected.Count ? expected[index].Frame : long.MaxValue, index < actual.Count ? actual[index].Frame : long.MaxValue);

    private static bool Matches<T>(char symbol, Notification<T> actual, MarbleValues<T> values) =>
        values.Find(symbol) is { } mapped ? ValueText.AreEqual(mapped, actual)
        : symbol == Mark.Completed ? actual.Kind == NotificationKind.OnCompleted
        : symbol == Mark.Error ? actual.Kind == NotificationKind.OnError
        : actual.HasValue && ValueText.Of(actual.Value) is [var own] && own == symbol;

    /// <summary>Marbles that look the same do not tell what differs, and '#' does not tell which error it is.</summary>
    private static bool NeedsNotifications(long frame, IReadOnlyList<Mark> expected, IReadOnlyList<Mark> actual)
    {
        char[] first = [.. expected.Where(mark => mark.Frame == frame).Select(mark => mark.Symbol)];
        char[] second = [.. actual.Where(mark => mark.Frame == frame).Select(mark => mark.Symbol)];
        return first.SequenceEqual(second) || first.Contains(Mark.Error) || second.Contains(Mark.Error);
    }

    private static IEnumerable<string> Notifications<T>(MarbleRecording<T> recording, IReadOnlyList<Mark> expected, MarbleValues<T> values) =>
    [
        "expected notifications:",
        .. expected.Select(mark => $"  frame {mark.Frame}: {Describe(mark.Symbol, values)}"),
        "actual notifications:",
        .. recording.Notifications.Select(n => $"  {TimeOf(n, recording.Scheduler.Frame)}: {ValueText.Of(n.Notification)}"),
    ];

    private static string Describe<T>(char symbol, MarbleValues<T> values) =>
        values.Find(symbol) is { } mapped ? ValueText.Of(mapped)
        : symbol == Mark.Completed ? "OnCompleted()"
        : symbol == Mark.Error ? "OnError(any)"
        : $"OnNext({symbol})";

    private static string TimeOf<T>(MarbleNotification<T> notification, TimeSpan frame)
    {
        long rest = notification.Tick - (notification.Frame * frame.Ticks);
        return $"frame {notification.Frame}{(rest == 0 ? "" : $" + {rest} tick{(rest == 1 ? "" : "s")}")}";
    }
}
