namespace Rx.Testing;

/// <summary>When an observer subscribed to a <see cref="MarbleSource{T}"/>, and when the subscription ended.</summary>
/// <param name="Subscribed">The tick of the subscription.</param>
/// <param name="Unsubscribed">The tick in which the observer unsubscribed or got the source's last notification; <see cref="long.MaxValue"/> until then.</param>
public readonly record struct MarbleSubscription(long Subscribed, long Unsubscribed);
