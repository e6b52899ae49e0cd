using System.Diagnostics;

namespace Rx.Nats.Hosting.Running;

/// <summary>A stream of the container, with its handlers.</summary>
internal abstract class HostedNatsStream
{
    internal abstract Type EventType { get; }

    /// <summary>The stream's name on the server.</summary>
    internal abstract string Name { get; }

    /// <summary>The handlers, once the host starts. Written by the thread that starts the host, before the host starts other services.</summary>
    internal IReadOnlyList<HostedNatsHandler> Handlers { get; private protected set; } = [];

    /// <summary>What <see cref="FindLastSequenceAsync"/> found when the host started. Written with <see cref="Handlers"/>.</summary>
    internal long LastAtStart { get; private protected set; }

    /// <summary>Opens the stream, unless it is open.</summary>
    internal abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Creates the handlers with their options. They do not start yet.</summary>
    internal abstract void CreateHandlers();

    internal abstract void StartHandlers();

    /// <summary>Asks the server for the sequence number of its last event, of those that the stream reads; 0 if it has none.</summary>
    /// <exception cref="TimeoutException">The server does not answer in time.</exception>
    internal abstract Task<long> FindLastSequenceAsync(CancellationToken cancellationToken);
}
