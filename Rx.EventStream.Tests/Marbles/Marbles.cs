using System.Globalization;
using System.Reactive;
using System.Runtime.CompilerServices;
using System.Text;

namespace Rx.Tests;

/// <summary>
/// Virtual time as one line of text: <c>"--a--(bc)-|"</c>.
/// </summary>
/// <remarks>
/// <code>
/// -        a tick in which nothing happens
/// a {10}   a value: one letter or digit, or longer text in braces
/// |  #     completion, error
/// (ab|)    several notifications in one tick; the whole group is one tick wide
/// &lt;500&gt;    a long pause, like 500 dashes
/// ab:--c   marks left of the colon are at tick 0, before the clock starts
/// ^  !     subscribe, dispose (only where a subscription is described)
/// </code>
/// The first character is tick 1, the earliest tick at which a <see cref="TestScheduler"/> can run an action. A character is one tick, not
/// ten, because a hop over a scheduler takes one tick: each hop is one dash, and nothing is rounded. Spaces are ignored, so that lines can be
/// aligned.
/// </remarks>
internal static class Marbles
{
    // A longer run of dashes is harder to count than to read as a number.
    private const long LongPause = 40;

    /// <summary>The error that <c>#</c> publishes.</summary>
    public static Exception Error { get; } = new InvalidOperationException("Marbles: #");

    /// <summary>Fails with both lines, one under the other, if the observed notifications differ from the marbles.</summary>
    /// <remarks><c>#</c> matches any error.</remarks>
    public static void Assert<T>(
        ITestableObserver<T> actual, string expected, [CallerArgumentExpression(nameof(actual))] string name = "") =>
        Assert(actual.Messages, expected, name);

    /// <inheritdoc cref="Assert{T}(ITestableObserver{T}, string, string)"/>
    public static void Assert<T>(
        IEnumerable<Recorded<Notification<T>>> actual, string expected, [CallerArgumentExpression(nameof(actual))] string name = "") =>
        NUnit.Framework.Assert.That(Of(actual), Is.EqualTo(Render(Parse(expected))).NoClip, name);

    /// <summary>The marble line of the notifications that an observer recorded.</summary>
    public static string Of<T>(ITestableObserver<T> observer) => Of(observer.Messages);

    /// <summary>The marble line of recorded notifications.</summary>
    public static string Of<T>(IEnumerable<Recorded<Notification<T>>> messages) =>
        Render(messages.Select(message => new Marble(message.Time, KindOf(message.Value), TextOf(message.Value))));

    /// <summary>The marks of a marble line, in order of time.</summary>
    /// <exception cref="FormatException">The line has an unknown mark, or a bracket without its partner.</exception>
    public static IReadOnlyList<Marble> Parse(string marbles) => new MarbleParser(marbles).Parse();

    /// <summary>The shortest equivalent line: no spaces, and no dashes after the last mark.</summary>
    public static string Render(IEnumerable<Marble> marbles)
    {
        var line = new StringBuilder();
        long next = 1;

        foreach (IGrouping<long, Marble> tick in marbles.GroupBy(marble => marble.Tick))
        {
            string marks = string.Concat(tick.Select(MarkOf));

            if (tick.Key == 0)
            {
                line.Append(marks).Append(':');
                continue;
            }

            long pause = tick.Key - next;
            line.Append(pause < LongPause ? new string('-', (int)pause) : string.Create(CultureInfo.InvariantCulture, $"<{pause}>"));
            line.Append(tick.Count() == 1 ? marks : $"({marks})");
            next = tick.Key + 1;
        }

        return line.ToString();
    }

    private static string MarkOf(Marble marble) => marble.Kind switch
    {
        MarbleKind.Completed => "|",
        MarbleKind.Error => "#",
        MarbleKind.Subscribe => "^",
        MarbleKind.Dispose => "!",
        _ => marble.Text is [char only] && char.IsLetterOrDigit(only) ? marble.Text : $"{{{marble.Text}}}",
    };

    private static MarbleKind KindOf<T>(Notification<T> notification) => notification.Kind switch
    {
        NotificationKind.OnCompleted => MarbleKind.Completed,
        NotificationKind.OnError => MarbleKind.Error,
        _ => MarbleKind.Value,
    };

    private static string TextOf<T>(Notification<T> notification) =>
        notification.HasValue ? Convert.ToString(notification.Value, CultureInfo.InvariantCulture) ?? "" : "";
}
