namespace Rx;

/// <summary>An event whose observer or handler threw.</summary>
/// <typeparam name="T">The type of the event.</typeparam>
/// <param name="Value">The event.</param>
/// <param name="Sequence">The event's sequence number.</param>
/// <param name="Exception">What was thrown.</param>
/// <param name="Subscription">The subscription of the observer or handler.</param>
public readonly record struct EventFault<T>(T Value, long Sequence, Exception Exception, EventSubscription Subscription);
