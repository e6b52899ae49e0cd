using System.Diagnostics;

namespace Rx;

/// <summary>What late subscribers can still replay: nothing, the newest events by number, by age, by both, or all.</summary>
/// <remarks>
/// Retention is for subscribers that join later. It takes nothing from current ones: an observer that lags, and a held position, keep
/// what they need (<see cref="LagPolicy"/> bounds that).
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class Retention
{
    private Retention(long maxCount, TimeSpan maxAge)
    {
        MaxCount = maxCount;
        MaxAge = maxAge;
    }

    /// <summary>Nothing is retained: a subscriber gets what is published from then on, as with
    /// <see cref="System.Reactive.Subjects.Subject{T}"/>.</summary>
    public static Retention None { get; } = new(0, TimeSpan.MaxValue);

    /// <summary>Everything is retained as long as the stream lives, as with an unbounded
    /// <see cref="System.Reactive.Subjects.ReplaySubject{T}"/>.</summary>
    public static Retention All { get; } = new(long.MaxValue, TimeSpan.MaxValue);

    /// <summary>The most events to retain; <see cref="long.MaxValue"/> for any number.</summary>
    internal long MaxCount { get; }

    /// <summary>The greatest age of a retained event; <see cref="TimeSpan.MaxValue"/> for any.</summary>
    internal TimeSpan MaxAge { get; }

    internal bool IsTimed => MaxAge != TimeSpan.MaxValue;

    /// <summary>Retains the newest <paramref name="maxCount"/> events, exactly.</summary>
    /// <param name="maxCount">How many; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    public static Retention Count(int maxCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCount, 1);
        return new(maxCount, TimeSpan.MaxValue);
    }

    /// <summary>Retains the events published within the last <paramref name="maxAge"/>, by the clock that
    /// <see cref="EventStreamOptions.TimeProvider"/> describes.</summary>
    /// <param name="maxAge">How long; more than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxAge"/> is not positive.</exception>
    public static Retention Time(TimeSpan maxAge)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxAge, TimeSpan.Zero);
        return new(long.MaxValue, maxAge);
    }

    /// <summary>Retains the newest <paramref name="maxCount"/> of the events published within the last <paramref name="maxAge"/>.</summary>
    /// <param name="maxCount">How many; at least 1.</param>
    /// <param name="maxAge">How long; more than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static Retention CountAndTime(int maxCount, TimeSpan maxAge)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxAge, TimeSpan.Zero);
        return new(maxCount, maxAge);
    }

    /// <inheritdoc/>
    public override string ToString() => (MaxCount, IsTimed) switch
    {
        (0, _) => "None",
        (long.MaxValue, false) => "All",
        (long.MaxValue, true) => $"Time({MaxAge})",
        (_, false) => $"Count({MaxCount})",
        _ => $"CountAndTime({MaxCount}, {MaxAge})",
    };
}
