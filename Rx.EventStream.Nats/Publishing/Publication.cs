using NATS.Client.JetStream;

namespace Rx.Nats.Publishing;

/// <summary>An event on its way to the server.</summary>
internal sealed class Publication
{
    private readonly TaskCompletionSource<long> _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Publication(string subject, ReadOnlyMemory<byte> payload, NatsJSPubOpts options, long deadline)
    {
        Subject = subject;
        Payload = payload;
        Options = options;
        Deadline = deadline;
    }

    internal string Subject { get; }

    internal ReadOnlyMemory<byte> Payload { get; }

    internal NatsJSPubOpts Options { get; }

    /// <summary>When it is given up, by the clock of <see cref="Environment.TickCount64"/>.</summary>
    internal long Deadline { get; }

    /// <summary>Whether the server may have it. Written by the publisher's loop only.</summary>
    internal bool WasSent { get; set; }

    /// <summary>Why the last attempt failed, or null. Written by the publisher's loop only.</summary>
    internal Exception? LastError { get; set; }

    /// <summary>The event's sequence, once the server has stored it.</summary>
    internal Task<long> Stored => _stored.Task;

    internal bool IsDone => _stored.Task.IsCompleted;

    internal void Complete(long sequence) => _stored.TrySetResult(sequence);

    internal void Fail(Exception error) => _stored.TrySetException(error);

    /// <summary>Takes it back; true if it was not done.</summary>
    internal bool TryCancel(CancellationToken ct) => _stored.TrySetCanceled(ct);
}
