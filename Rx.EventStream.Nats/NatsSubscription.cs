using System.Diagnostics;
using Rx.Nats.Handling;

namespace Rx.Nats;

/// <summary>A handler of a <see cref="NatsEventStream{T}"/> that runs.</summary>
/// <remarks><b>Concurrency.</b> All members can be used from any thread at any time.</remarks>
[DebuggerDisplay("{Name,nq} Position = {Position}, Handled = {Handled}")]
public sealed class NatsSubscription : IAsyncDisposable
{
    private readonly IHandlerRun _run;

    internal NatsSubscription(IHandlerRun run) => _run = run;

    /// <summary>The handler's name.</summary>
    public string Name => _run.Name;

    /// <summary>The sequence number of the first event that is not handled, of the partitions that this instance has. 0 while it has none.</summary>
    public long Position => _run.Position;

    /// <summary>How many events this instance has handled, including those of <see cref="Faults"/>.</summary>
    public long Handled => _run.Handled;

    /// <summary>How many events were stored as dead letters or reported because the handler threw or they could not be read.</summary>
    public long Faults => _run.Faults;

    /// <summary>The partitions that this instance handles at the moment, in ascending order. Without <see cref="NatsHandlerOptions{T}.Partitions"/>, that
    /// is partition 0.</summary>
    public IReadOnlyList<int> Partitions => _run.Partitions;

    /// <summary>Completes when the handler has ended, and its last call has returned: canceled if it was stopped or disposed, else faulted with what ended
    /// it.</summary>
    /// <remarks>It faults with the handler's exception, unless <see cref="NatsHandlerOptions{T}.ReportFault"/> or
    /// <see cref="NatsHandlerOptions{T}.DeadLetterSubject"/> is set, with a <see cref="CheckpointLostException"/>, an
    /// <see cref="EventStreamGapException"/>, an <see cref="UnreadableEventException"/> or a plain <see cref="NatsEventStreamException"/>.</remarks>
    public Task Completion => _run.Completion;

    /// <summary>Waits until the handler has handled all events that the server has at the time of the call, of the partitions that this instance has.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes then. If the handler ends before, it faults as <see cref="Completion"/> does.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled, or the handler was stopped.</exception>
    public Task WhenCaughtUpAsync(CancellationToken cancellationToken = default) => _run.WhenCaughtUpAsync(cancellationToken);

    /// <summary>Stops the handler: no further call begins. When the last one has returned, the checkpoint is saved, and other instances take the
    /// partitions.</summary>
    /// <param name="cancellationToken">Cancels the calls that run. Their events are handled again later.</param>
    /// <returns>A task that completes when the handler has ended. It never faults; see <see cref="Completion"/>.</returns>
    public Task StopAsync(CancellationToken cancellationToken = default) => _run.StopAsync(cancellationToken);

    /// <summary>As <see cref="StopAsync"/> with a canceled token: the calls that run are canceled.</summary>
    /// <returns>A task that completes when the handler has ended. A call that heeds no cancellation delays it.</returns>
    public ValueTask DisposeAsync() => new(_run.StopAsync(new CancellationToken(canceled: true)));
}
