namespace Rx.Storage;

/// <summary>The data that a log keeps for an event besides its value. The log's flags select which data.</summary>
/// <param name="Time">When it was published, in the units of the log's clock.</param>
/// <param name="Trace">The trace in which it was published, or null.</param>
internal readonly record struct EventStamp(long Time, PublisherTrace? Trace);
