using System.Diagnostics;
using Rx.Parking;

namespace Rx;

/// <summary>How a thread of its own waits for the next event: asleep, or awake for some time or for good.</summary>
/// <remarks>
/// A thread that sleeps takes some 20 µs to continue, and the publisher pays for waking it. A thread that spins continues in a fraction of a
/// microsecond, costs the publisher nothing, and takes a whole processor while it waits.
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class WaitStrategy
{
    /// <summary>How long to spin, in ticks of <see cref="Stopwatch"/>: 0 for not at all, <see cref="long.MaxValue"/> for good.</summary>
    private readonly long _spinTicks;

    private WaitStrategy(long spinTicks) => _spinTicks = spinTicks;

    /// <summary>The thread sleeps at once, and the next publisher wakes it. The default.</summary>
    public static WaitStrategy Park { get; } = new(0);

    /// <summary>The thread never sleeps. It takes a processor until the subscription or the reader has ended.</summary>
    public static WaitStrategy Spin { get; } = new(long.MaxValue);

    internal bool Spins => _spinTicks > 0;

    /// <summary>The thread spins for some time, and then sleeps.</summary>
    /// <param name="duration">How long it spins after the last event, from more than zero to one hour.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="duration"/> is not positive, or longer than an hour.</exception>
    public static WaitStrategy SpinThenPark(TimeSpan duration)
    {
        if (duration <= TimeSpan.Zero || duration > TimeSpan.FromHours(1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(duration), duration, "duration must be more than zero and at most one hour. To spin for good, use WaitStrategy.Spin.");
        }

        return new(Math.Max(1, (long)(duration.TotalSeconds * Stopwatch.Frequency)));
    }

    /// <inheritdoc/>
    public override string ToString() => _spinTicks switch
    {
        0 => "Park",
        long.MaxValue => "Spin",
        _ => $"SpinThenPark({TimeSpan.FromSeconds((double)_spinTicks / Stopwatch.Frequency)})",
    };

    internal Spinner StartSpinning() => new(_spinTicks);

    /// <summary>What <c>Subscribe</c> throws where a thread that spins is impossible.</summary>
    internal InvalidOperationException NeedsThread(string reason) =>
        new($"WaitStrategy.{this} needs a scheduler that gives the subscription a thread of its own, such as NewThreadScheduler: {reason}");
}
