namespace Rx.Nats.Handling;

/// <summary>Copies of a handler's options. Used by <c>Rx.EventStream.Nats.Hosting</c>, of any later version: the signature must stay.</summary>
/// <remarks>It is here, because only the package that has the options can copy all of them, also those that are added later.</remarks>
internal static class HandlerOptionsCopy
{
    /// <summary>The same options with another <see cref="NatsHandlerOptions{T}.ReportFault"/>.</summary>
    internal static NatsHandlerOptions<T> WithReportFault<T>(this NatsHandlerOptions<T> options, Action<NatsEventFault<T>>? reportFault) => new()
    {
        Name = options.Name,
        Checkpoints = options.Checkpoints,
        Start = options.Start,
        SaveInterval = options.SaveInterval,
        MaxConcurrency = options.MaxConcurrency,
        PartitionKey = options.PartitionKey,
        MaxPending = options.MaxPending,
        ReportFault = reportFault,
        DeadLetterSubject = options.DeadLetterSubject,
        Partitions = options.Partitions,
    };
}
