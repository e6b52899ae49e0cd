using System.Diagnostics;
using NATS.Client.Core;

namespace Rx.Nats;

/// <summary>An event as a handler gets it: its value, and what the server stores with it.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable for its readers; can be used from any thread. The headers must not be changed.</remarks>
[DebuggerDisplay("{Sequence}: {Value}")]
public sealed class NatsEvent<T>
{
    internal NatsEvent(T value, long sequence, string subject, NatsHeaders? headers, DateTimeOffset storedAt)
    {
        Value = value;
        Sequence = sequence;
        Subject = subject;
        Headers = headers;
        StoredAt = storedAt;
    }

    /// <summary>The event.</summary>
    public T Value { get; }

    /// <summary>The server's sequence number, from 1.</summary>
    public long Sequence { get; }

    /// <summary>The subject that the event was published to.</summary>
    public string Subject { get; }

    /// <summary>The headers of the message, or null if it has none.</summary>
    public NatsHeaders? Headers { get; }

    /// <summary>When the server stored the event, by the server's clock.</summary>
    public DateTimeOffset StoredAt { get; }

    /// <summary>Why <see cref="Value"/> is missing, or null. No handler gets such an event.</summary>
    internal UnreadableEventException? Unreadable { get; init; }

    /// <summary>The key whose events are handled in order, or null if there is none. Set before a handler gets the event.</summary>
    internal string? Key { get; set; }

    /// <summary>The checkpoint that the event belongs to. Set before a handler gets the event.</summary>
    internal ICheckpoint? Checkpoint { get; set; }

    /// <summary>Whether all earlier events of the checkpoint are handled when a handler gets this one.</summary>
    internal bool IsInOrder { get; set; }

    /// <summary>Whether it is handled. For the progress of its partition, under that lock.</summary>
    internal bool IsHandled { get; set; }
}
