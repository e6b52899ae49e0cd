using System.Diagnostics;

namespace Rx.Nats;

/// <summary>Where in the server's stream to start reading.</summary>
/// <remarks><b>Concurrency.</b> Immutable; can be shared and used from any thread.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class NatsStart
{
    private readonly string _name;

    private NatsStart(string name)
    {
        _name = name;
    }

    /// <summary>Start with the next event that is stored.</summary>
    public static NatsStart Now { get; } = new("Now");

    /// <summary>Start with the oldest event that the server still has when the first event is read.</summary>
    public static NatsStart Oldest { get; } = new("Oldest");

    /// <summary>Start with the newest event of each subject, in the order in which they were stored, and continue with every event stored later.</summary>
    public static NatsStart LastPerSubject { get; } = new("LastPerSubject");

    /// <summary>The sequence number to start with, or null.</summary>
    internal long? Sequence { get; private init; }

    /// <summary>The time to start at, or null.</summary>
    internal DateTimeOffset? Time { get; private init; }

    /// <summary>Start with a given sequence number, such as the one after the last event that another process has handled.</summary>
    /// <param name="sequence">The sequence number of the first event to read; at least 1, which is the first number of every stream on the server.</param>
    /// <returns>The start.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sequence"/> is less than 1.</exception>
    public static NatsStart At(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        return new("At") { Sequence = sequence };
    }

    /// <summary>Start with the first event stored at or after a given time, by the server's clock.</summary>
    /// <param name="time">The time. It can lie in the future: events stored before it are left out.</param>
    /// <returns>The start.</returns>
    public static NatsStart Since(DateTimeOffset time) => new("Since") { Time = time };

    /// <inheritdoc/>
    public override string ToString() => (Sequence, Time) switch
    {
        ({ } sequence, _) => $"At({sequence})",
        (_, { } time) => $"Since({time:O})",
        _ => _name,
    };
}
