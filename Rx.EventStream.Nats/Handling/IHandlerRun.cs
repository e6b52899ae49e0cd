namespace Rx.Nats.Handling;

/// <summary>A running handler, without the type of its events.</summary>
internal interface IHandlerRun
{
    string Name { get; }

    /// <summary>The sequence number of the first event that is not handled, of the partitions that this instance has; 0 while it has none.</summary>
    long Position { get; }

    long Handled { get; }

    long Faults { get; }

    IReadOnlyList<int> Partitions { get; }

    /// <summary>Completes when the handler has ended: canceled if it was stopped, else faulted.</summary>
    Task Completion { get; }

    Task WhenCaughtUpAsync(CancellationToken cancellationToken);

    /// <summary>Begins no further call, waits for those that run, and gives the partitions back.</summary>
    /// <param name="cancellationToken">Cancels the calls that run.</param>
    Task StopAsync(CancellationToken cancellationToken);
}
