using Rx.Hosting.Diagnostics;

namespace Rx.Hosting.Running;

/// <summary>A stream of the container, with its handlers.</summary>
internal abstract class HostedStream(HostLog log)
{
    internal HostLog Log { get; } = log;

    internal abstract Type EventType { get; }

    internal abstract string? Key { get; }

    internal abstract SubscriptionWatch Watch { get; }

    internal abstract long NextSequence { get; }

    /// <summary>The handlers, once they are started. Written by the thread that starts the host, before the host starts other services.</summary>
    internal IReadOnlyList<HostedHandler> Handlers { get; private protected set; } = [];

    /// <summary>Subscribes the handlers.</summary>
    internal abstract void Start();

    /// <summary>Ends the stream; subscribers get what is published before the end.</summary>
    internal abstract void Complete();
}
