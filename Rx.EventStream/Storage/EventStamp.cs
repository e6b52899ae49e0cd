namespace Rx.Storage;

/// <summary>What a log notes of an event beside its value, as far as its flags say.</summary>
/// <param name="Time">When it was published, in the units of the log's clock.</param>
/// <param name="Trace">The trace in which it was published, or null.</param>
internal readonly record struct EventStamp(long Time, PublisherTrace? Trace);
