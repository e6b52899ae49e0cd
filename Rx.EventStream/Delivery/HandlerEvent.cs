using Rx.Storage;

namespace Rx.Delivery;

/// <summary>An event for a handler.</summary>
/// <param name="Value">The event.</param>
/// <param name="Sequence">Its sequence number.</param>
/// <param name="Trace">The trace in which it was published, if the stream captures that.</param>
internal readonly record struct HandlerEvent<T>(T Value, long Sequence, PublisherTrace? Trace);
