using Rx.Storage;

namespace Rx.Delivery;

/// <summary>What one call of a handler handles.</summary>
/// <param name="Value">An event, or a batch of events.</param>
/// <param name="Sequence">The sequence number of the event, or of the first one.</param>
/// <param name="Trace">The trace in which it was published, if the stream captures that.</param>
internal readonly record struct HandlerItem<TItem>(TItem Value, long Sequence, PublisherTrace? Trace);
