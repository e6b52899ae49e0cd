using System.Diagnostics;

namespace Rx;

/// <summary>What happens when an observer on a scheduler, or a handler, throws.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// It concerns events: what an observer throws from <c>OnError</c> or <c>OnCompleted</c> always leaves the scheduled action.
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class FaultPolicy<T>
{
    private FaultPolicy(Action<EventFault<T>>? report) => Report = report;

    /// <summary>The subscription ends, and the exception leaves the scheduled action. The default, and what Rx does.</summary>
    public static FaultPolicy<T> Stop { get; } = new(null);

    /// <summary>What is told of each fault, or null if the first one ends the subscription.</summary>
    internal Action<EventFault<T>>? Report { get; }

    /// <summary>The fault is reported, and the next event follows.</summary>
    /// <param name="report">Called for each fault on the subscriber's scheduler, never twice at once. If it throws, the subscription ends with
    /// that exception.</param>
    /// <exception cref="ArgumentNullException"><paramref name="report"/> is null.</exception>
    public static FaultPolicy<T> Continue(Action<EventFault<T>> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(report);
    }

    /// <inheritdoc/>
    public override string ToString() => Report is null ? nameof(Stop) : nameof(Continue);
}
