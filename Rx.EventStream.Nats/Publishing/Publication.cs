using System.Diagnostics;
using NATS.Client.JetStream;

namespace Rx.Nats.Publishing;

/// <summary>An event on its way to the server, and its outcome.</summary>
/// <remarks>
/// It is pending until one of three transitions ends it. The first one wins; the others do nothing:
/// <list type="bullet">
/// <item>Pending → Stored, by <see cref="Complete"/>.</item>
/// <item>Pending → Failed, by <see cref="Fail"/>.</item>
/// <item>Pending → Canceled, by <see cref="Cancel"/>.</item>
/// </list>
/// <para><b>Concurrency.</b> Any thread can end it. <see cref="WasSent"/> and <see cref="LastError"/> belong to the sending loop once the publication
/// is in its queue, and to the caller before.</para>
/// </remarks>
internal sealed class Publication
{
    /// <summary>The state.</summary>
    private readonly TaskCompletionSource<long> _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When it is given up, by the clock of <see cref="Environment.TickCount64"/>.</summary>
    private readonly long _deadline;

    internal Publication(string subject, ReadOnlyMemory<byte> payload, NatsJSPubOpts options, TimeSpan timeout)
    {
        Subject = subject;
        Payload = payload;
        Options = options;
        Timeout = timeout;
        _deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
    }

    internal string Subject { get; }

    internal ReadOnlyMemory<byte> Payload { get; }

    internal NatsJSPubOpts Options { get; }

    /// <summary>How long publishing may take.</summary>
    internal TimeSpan Timeout { get; }

    /// <summary>The activity that was current at the call, or null. It is sent under this one.</summary>
    internal Activity? Activity { get; } = Activity.Current;

    /// <summary>The time left before it is given up.</summary>
    internal TimeSpan Remaining => TimeSpan.FromMilliseconds(Math.Max(0, _deadline - Environment.TickCount64));

    /// <summary>Whether the server may have it.</summary>
    internal bool WasSent { get; set; }

    /// <summary>Why the last attempt failed, or null.</summary>
    internal Exception? LastError { get; set; }

    /// <summary>The event's sequence number, once the server has stored the event.</summary>
    internal Task<long> Stored => _stored.Task;

    /// <summary>Whether it is no longer pending.</summary>
    internal bool IsEnded => _stored.Task.IsCompleted;

    /// <summary>Pending → Stored.</summary>
    internal void Complete(long sequence) => _stored.TrySetResult(sequence);

    /// <summary>Pending → Failed.</summary>
    internal void Fail(Exception error) => _stored.TrySetException(error);

    /// <summary>Pending → Canceled.</summary>
    internal void Cancel(CancellationToken cancellationToken) => _stored.TrySetCanceled(cancellationToken);

    /// <summary>The exception that says that no answer came in time, and whether the event may be stored.</summary>
    /// <param name="error">The cause, or null for the error of the last attempt.</param>
    internal NatsPublishException NoAnswer(Exception? error = null) => new(
        $"Publishing to stream '{Options.ExpectedStream}' got no answer within {Timeout}",
        stored: 0,
        WasSent ? [Options.MsgId!] : [],
        notStored: WasSent ? 0 : 1,
        error ?? LastError);
}
