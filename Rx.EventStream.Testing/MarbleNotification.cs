using System.Reactive;

namespace Rx.Testing;

/// <summary>A notification, and when it came.</summary>
/// <param name="Tick">The scheduler's clock, in ticks of 100 ns.</param>
/// <param name="Frame">The frame that contains the tick.</param>
/// <param name="Notification">The call: <c>OnNext</c>, <c>OnError</c> or <c>OnCompleted</c>.</param>
/// <typeparam name="T">The type of the values.</typeparam>
public readonly record struct MarbleNotification<T>(long Tick, long Frame, Notification<T> Notification);
