using System.Reactive;
using Rx.Testing.Checks;

namespace Rx.Testing;

/// <summary>What an observer received on a <see cref="MarbleScheduler"/>, or how a tracked value changed.</summary>
/// <remarks><b>Concurrency:</b> read a recording while the scheduler does not run, or on the thread that runs it.</remarks>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class MarbleRecording<T>
{
    private readonly Lock _lock = new();
    private readonly List<MarbleNotification<T>> _notifications = [];

    internal MarbleRecording(MarbleScheduler scheduler, string? lane = null)
    {
        (Scheduler, Lane, Start) = (scheduler, lane, scheduler.Clock);
        Notifications = _notifications.AsReadOnly();
    }

    /// <summary>The notifications so far, with their ticks and frames. The list grows while the scheduler runs.</summary>
    public IReadOnlyList<MarbleNotification<T>> Notifications { get; }

    internal MarbleScheduler Scheduler { get; }

    /// <summary>The name of a tracked value's recording.</summary>
    internal string? Lane { get; }

    /// <summary>The tick in which the recording was made.</summary>
    internal long Start { get; }

    /// <summary>Draws the recording as marbles, and the scheduler's tracked values beneath it.</summary>
    public override string ToString()
    {
        var sheet = new Sheet(Scheduler.Frame);
        Draw(sheet, Lane ?? "");

        if (Lane is null)
        {
            Scheduler.DrawLanes(sheet);
        }

        return sheet.ToString();
    }

    internal void Add(Notification<T> notification)
    {
        lock (_lock)
        {
            long tick = Scheduler.Clock;
            _notifications.Add(new MarbleNotification<T>(tick, Marbles.FrameOf(tick, Scheduler.Frame), notification));
        }
    }

    internal void Draw(Sheet sheet, string label)
    {
        var symbols = new Symbols<T>([], []);
        sheet.Add(label, symbols.MarksOf(Notifications.Select(n => (n.Frame, n.Notification))));
        sheet.AddNotes(symbols.Legend.Select(entry => Lane is null ? entry : $"{Lane}: {entry}"));
    }
}
