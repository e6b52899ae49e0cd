namespace Rx;

/// <summary>How <see cref="EventObservable{T}.SubscribeAwait"/> calls its handler.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
public sealed class SubscribeAwaitOptions<T>
{
    internal static SubscribeAwaitOptions<T> Default { get; } = new();

    /// <summary>How many calls of the handler may run at the same time; at least 1, which is the default: one call at a time, in
    /// order.</summary>
    /// <remarks>With more, calls begin in order. Without a <see cref="PartitionKey"/> they may end in any order.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxConcurrency
    {
        get;
        init
        {
            if (value < 1)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(MaxConcurrency), value, "MaxConcurrency must be from 1 to 2,147,483,647: how many calls may run at the same time.");
            }

            field = value;
        }
    }

        = 1;

    /// <summary>The key of an event, or null. Calls for events of one key never overlap, and come in order; calls for different keys may run
    /// at the same time, up to <see cref="MaxConcurrency"/>.</summary>
    /// <remarks>
    /// Keys are compared with <see cref="object.Equals(object)"/>; null is a key like any other. Events that wait for a call with the same key
    /// let events of other keys pass. With <see cref="LagPolicy.Latest"/>, <see cref="LagPolicy.DropOldest"/> and
    /// <see cref="LagPolicy.Fail"/> they do not: there an event that waits counts as lag, and the next ones wait after it. Memory follows the
    /// keys that have a call or an event that waits.
    /// <para>It runs on the subscriber's scheduler. What it throws is a fault of that event.</para>
    /// </remarks>
    public Func<T, object?>? PartitionKey { get; init; }

    /// <summary>Called when the stream has completed and the last call has returned, or null.</summary>
    public Action? OnCompleted { get; init; }

    /// <summary>Called when the stream has failed, or the subscription has lagged too far, and the last call has returned. If it is null, the
    /// error leaves the scheduled action, as with Rx's <c>Subscribe</c> of a lambda.</summary>
    /// <remarks>On a scheduler that runs actions at once, such as <c>CurrentThreadScheduler</c>, the action may run on the thread on which an awaited
    /// call ends. What leaves the action then is dropped; <see cref="EventSubscription.Error"/> tells it.</remarks>
    public Action<Exception>? OnError { get; init; }
}
