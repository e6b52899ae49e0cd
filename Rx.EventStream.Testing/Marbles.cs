using System.Reactive;
using Rx.Testing.Checks;
using Rx.Testing.Syntax;

namespace Rx.Testing;

/// <summary>Marbles: virtual time as one line of text, such as <c>"--a--(bc)-|"</c>.</summary>
/// <remarks>
/// The syntax is that of RxJS's run mode:
/// <code>
/// -          a frame in which nothing happens
/// a          a value; each character but those of the syntax can stand for one
/// |  #       completion, error
/// (ab|)      several notifications in one frame
/// 250ms  2s  1m   time goes on; spaces or the line's ends set it off
/// 500f       the same, as a number of frames (not in RxJS)
/// ^  !       subscribe, unsubscribe; in hot marbles, ^ is frame 0
/// </code>
/// Spaces are ignored, so that lines can be aligned. Unlike in RxJS, a group is one frame wide: what follows it is in the next frame.
/// <para><b>Concurrency:</b> all members are safe for use by several threads.</para>
/// </remarks>
public static class Marbles
{
    /// <summary>The error that <c>#</c> publishes if no other error is given.</summary>
    public static Exception Error { get; } = new InvalidOperationException("The error '#' of marbles.");

    /// <summary>The frame of a <see cref="MarbleScheduler"/> that has no other: one millisecond, as in RxJS.</summary>
    public static TimeSpan DefaultFrame { get; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Reads marbles as <see cref="MarbleScheduler.Hot(string, Exception)"/> does: each value is its character.</summary>
    /// <param name="marbles">The line.</param>
    /// <param name="frame">The length of a frame; one millisecond if null.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    public static IReadOnlyList<MarbleNotification<char>> Parse(string marbles, TimeSpan? frame = null)
    {
        TimeSpan length = CheckFrame(frame ?? DefaultFrame);
        var values = new MarbleValues<char>();
        return [.. LineParser.Parse(marbles, LineKind.Hot, length)
            .Select(mark => new MarbleNotification<char>(mark.Frame * length.Ticks, mark.Frame, Resolve(values, mark.Symbol, marbles, c => c)))];
    }

    /// <summary>Draws notifications with their ticks.</summary>
    /// <param name="notifications">The notifications, in order of time.</param>
    /// <param name="frame">The length of a frame; one millisecond if null.</param>
    /// <param name="values">The characters of some values. A value without one is drawn as its text, if that is one character, or as a letter.</param>
    /// <returns>The marbles, without dashes after the last mark. A line for each letter follows, which tells its value.</returns>
    public static string Of<T>(IEnumerable<(long Tick, Notification<T> Notification)> notifications, TimeSpan? frame = null, MarbleValues<T>? values = null)
    {
        ArgumentNullException.ThrowIfNull(notifications);
        TimeSpan length = CheckFrame(frame ?? DefaultFrame);
        var symbols = new Symbols<T>(values ?? [], []);
        string line = Diagram.Draw(symbols.MarksOf(notifications.Select(n => (FrameOf(n.Tick, length), n.Notification))), length);
        return string.Join(Environment.NewLine, [line, .. symbols.Legend]);
    }

    /// <summary>Draws what a recording holds, or a part of it.</summary>
    /// <inheritdoc cref="Of{T}(IEnumerable{ValueTuple{long, Notification{T}}}, TimeSpan?, MarbleValues{T})"/>
    public static string Of<T>(IEnumerable<MarbleNotification<T>> notifications, TimeSpan? frame = null, MarbleValues<T>? values = null)
    {
        ArgumentNullException.ThrowIfNull(notifications);
        return Of(notifications.Select(n => (n.Tick, n.Notification)), frame, values);
    }

    /// <summary>Draws notifications with their times, such as <c>source.Materialize().Timestamp(scheduler)</c> gives them.</summary>
    /// <param name="notifications">The notifications, in order of time.</param>
    /// <param name="start">The time of frame 0; the Unix epoch, which is tick 0 of a <see cref="MarbleScheduler"/>, if null.</param>
    /// <param name="frame">The length of a frame; one millisecond if null.</param>
    /// <param name="values">The characters of some values. A value without one is drawn as its text, if that is one character, or as a letter.</param>
    /// <returns>The marbles, without dashes after the last mark. A line for each letter follows, which tells its value.</returns>
    public static string Of<T>(
        IEnumerable<Timestamped<Notification<T>>> notifications, DateTimeOffset? start = null, TimeSpan? frame = null, MarbleValues<T>? values = null)
    {
        ArgumentNullException.ThrowIfNull(notifications);
        return Of(notifications.Select(n => ((n.Timestamp - (start ?? DateTimeOffset.UnixEpoch)).Ticks, n.Value)), frame, values);
    }

    internal static TimeSpan CheckFrame(TimeSpan frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(frame, TimeSpan.Zero);
        return frame;
    }

    /// <summary>The frame that contains a tick. Frames before frame 0 are negative.</summary>
    internal static long FrameOf(long tick, TimeSpan frame) => (tick - (((tick % frame.Ticks) + frame.Ticks) % frame.Ticks)) / frame.Ticks;

    /// <summary>The notification that a character of a source stands for.</summary>
    internal static Notification<T> Resolve<T>(MarbleValues<T> values, char symbol, string line, Func<char, T>? parse)
    {
        if (values.Find(symbol) is { } mapped)
        {
            return mapped;
        }

        switch (symbol)
        {
            case Mark.Completed:
                return Notification.CreateOnCompleted<T>();
            case Mark.Error:
                return Notification.CreateOnError<T>(Error);
            default:
                int index = line.IndexOf(symbol, StringComparison.Ordinal);

                try
                {
                    return Notification.CreateOnNext(parse is null ? throw LineParser.Fault(line, index, $"a '{symbol}' that has no value") : parse(symbol));
                }
                catch (Exception e) when (parse is not null && e is FormatException or OverflowException)
                {
                    throw LineParser.Fault(line, index, $"a '{symbol}' that cannot be read as {typeof(T).Name}");
                }
        }
    }
}
