using Rx.Testing.Checks;

namespace Rx.Testing;

/// <summary>What an observer received from an observable of observables, such as <c>Window</c> and <c>GroupBy</c> give, and from each of these.</summary>
/// <remarks><b>Concurrency:</b> read a recording while the scheduler does not run, or on the thread that runs it.</remarks>
/// <typeparam name="T">The type of the inner values.</typeparam>
public sealed class MarbleNestedRecording<T>
{
    internal MarbleNestedRecording(MarbleScheduler scheduler) => Outer = new MarbleRecording<MarbleRecording<T>>(scheduler);

    /// <summary>The notifications of the outer observable. The value of each is the recording of an inner one, from the tick in which it came.</summary>
    public IReadOnlyList<MarbleNotification<MarbleRecording<T>>> Notifications => Outer.Notifications;

    internal MarbleRecording<MarbleRecording<T>> Outer { get; }

    /// <summary>Draws the outer observable, with a letter for each inner one, and the inner ones as lanes beneath it.</summary>
    public override string ToString()
    {
        var sheet = new Sheet(Outer.Scheduler.Frame);
        new NestedLines<T>(this, [], []).Draw(sheet, "");
        return sheet.ToString();
    }
}
