using System.Diagnostics;

namespace Rx;

/// <summary>What happens to a subscriber, or a reader, that lags.</summary>
/// <remarks>
/// The lag is the number of events published since the subscription that a subscriber has not consumed yet. What the subscriber replays is
/// not lag. While it handles an event its lag may grow past the
/// bound; the policy is applied before the next event. Whatever the policy, other subscribers miss nothing.
/// <para>Every policy but <see cref="Unbounded"/> needs a scheduler or a reader: an observer on the publishing thread never lags, and
/// subscribing it with such a policy throws <see cref="InvalidOperationException"/>.</para>
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class LagPolicy
{
    private readonly string _name;

    private LagPolicy(string name, int capacity, bool failsWhenFull = false, bool waitsWhenFull = false)
    {
        _name = name;
        Capacity = capacity;
        FailsWhenFull = failsWhenFull;
        WaitsWhenFull = waitsWhenFull;
    }

    /// <summary>The subscriber misses nothing: events wait in the list for as long as it takes. The default.</summary>
    public static LagPolicy Unbounded { get; } = new("Unbounded", 0);

    /// <summary>Only the newest event waits: a subscriber that was busy continues with it. A new subscriber begins with the newest retained
    /// event.</summary>
    public static LagPolicy Latest { get; } = new("Latest", 1);

    /// <summary>The greatest lag of a subscriber, or 0 for any.</summary>
    internal int Capacity { get; }

    internal bool FailsWhenFull { get; }

    internal bool WaitsWhenFull { get; }

    /// <summary>Whether a subscriber begins with the newest event, whatever is retained.</summary>
    internal bool SkipsReplay => _name == nameof(Latest);

    /// <summary>Whether a subscriber that lags further than <see cref="Capacity"/> loses events, or ends.</summary>
    internal bool IsBounded => Capacity > 0 && !WaitsWhenFull;

    /// <summary>A subscriber that lags by more than <paramref name="capacity"/> events continues with the newest ones.</summary>
    /// <param name="capacity">How many; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1.</exception>
    public static LagPolicy DropOldest(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new("DropOldest", capacity);
    }

    /// <summary>A subscriber that lags by more than <paramref name="capacity"/> events ends with a
    /// <see cref="SubscriberLaggedException"/>.</summary>
    /// <param name="capacity">How many; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1.</exception>
    public static LagPolicy Fail(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new("Fail", capacity, failsWhenFull: true);
    }

    /// <summary>Publishers wait while a subscriber lags by <paramref name="capacity"/> events: <c>OnNext</c> blocks, and
    /// <see cref="EventStream{T}.OnNextAsync"/> completes later.</summary>
    /// <param name="capacity">How many; at least 1.</param>
    /// <remarks>
    /// One subscriber with this policy makes every publisher of the stream wait for it. Publishing from inside a delivery of the
    /// same stream, or from a handler with this policy, throws where it would have to wait, since it would wait for itself. So does
    /// publishing without <c>await</c> on the thread of the subscriber's own scheduler: in an action of <c>CurrentThreadScheduler</c>, in the
    /// synchronization context, and on the thread of an event loop or a virtual clock that called the observer last.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1.</exception>
    public static LagPolicy Wait(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new("Wait", capacity, waitsWhenFull: true);
    }

    /// <inheritdoc/>
    public override string ToString() => _name is "Unbounded" or "Latest" ? _name : $"{_name}({Capacity})";
}
