using System.Diagnostics;

namespace Rx.Nats;

/// <summary>Where in the server's stream to start.</summary>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class NatsStart
{
    private readonly string _name;

    private NatsStart(string name)
    {
        _name = name;
    }

    /// <summary>With the next event to be stored.</summary>
    public static NatsStart Now { get; } = new("Now");

    /// <summary>With the oldest event that the server still has when the first one is read.</summary>
    public static NatsStart Oldest { get; } = new("Oldest");

    /// <summary>With the newest event of each subject, in the order they were stored, and then with all that follow.</summary>
    public static NatsStart LastPerSubject { get; } = new("LastPerSubject");

    /// <summary>The sequence to start with, or null.</summary>
    internal long? Sequence { get; private init; }

    /// <summary>The time to start at, or null.</summary>
    internal DateTimeOffset? Time { get; private init; }

    /// <summary>With a given sequence, such as the one after the last that another process has handled.</summary>
    /// <param name="sequence">The sequence of the first event to read; at least 1, with which the server's streams begin.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sequence"/> is less than 1.</exception>
    public static NatsStart At(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        return new("At") { Sequence = sequence };
    }

    /// <summary>With the first event stored at a given time or later, by the server's clock.</summary>
    /// <param name="time">The time. It may lie in the future: events before it are left out.</param>
    public static NatsStart Since(DateTimeOffset time) => new("Since") { Time = time };

    /// <inheritdoc/>
    public override string ToString() => (Sequence, Time) switch
    {
        ({ } sequence, _) => $"At({sequence})",
        (_, { } time) => $"Since({time:O})",
        _ => _name,
    };
}
