using Rx.Delivery;
using Rx.Operators;

namespace Rx;

/// <content>Sharing that begins with several observers, and outlasts the last one.</content>
public static partial class EventStreamExtensions
{
    /// <summary>Shares one subscription to a source among all observers: subscribes once there are enough of them, and unsubscribes when the last
    /// one has left and none has come for a time.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="minObservers">How many observers there must be at the same time before the source is subscribed to; at least 1. Once it is,
    /// it stays so until the last observer has left.</param>
    /// <param name="disconnectDelay">How long the source stays subscribed to without an observer, from zero to about 24 days. With zero, it is
    /// unsubscribed from as soon as the clock gets to it, not inside the call that disposes the last subscription.</param>
    /// <param name="options">The options of the stream in between, such as what a late observer can replay; null for the defaults. They also
    /// name the clock of <paramref name="disconnectDelay"/>: <see cref="EventStreamOptions.TimeProvider"/>, or else
    /// <see cref="EventStreamOptions.Scheduler"/>, or else system time.</param>
    /// <remarks>
    /// With <c>minObservers</c> 2, and a delay of three ticks:
    /// <code>
    /// source   a-b-c-d-e-f-g-h-i
    /// first     ^---!
    /// result    ---c-
    /// second      ^---!
    /// result      -c-d-
    /// third             ^-------    in time
    /// result            -f-g-h-i
    /// </code>
    /// <para>An observer that comes before the time is over keeps the subscription to the source, also if it is the only one, as with Rx's
    /// <c>RefCount</c>.</para>
    /// <para>Otherwise as <see cref="Share{T}(IObservable{T}, EventStreamOptions?)"/>: after the source has ended, or was unsubscribed from,
    /// the next observers start it again.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minObservers"/> is less than 1, or <paramref name="disconnectDelay"/> is
    /// negative or too long.</exception>
    public static IObservable<T> Share<T>(
        this IObservable<T> source, int minObservers, TimeSpan disconnectDelay, EventStreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        Ranges.ThrowIfNoObserver(minObservers);
        Ranges.ThrowIfNoDisconnectDelay(disconnectDelay);
        return new SharedObservable<T>(source, options ?? EventStreamOptions.Default, minObservers, disconnectDelay);
    }
}
