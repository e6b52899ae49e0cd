namespace Rx;

/// <summary>What an <see cref="EventStream{T}"/> tells of itself, whatever the type of its events: for code that watches several
/// streams, such as a dashboard.</summary>
/// <remarks>It gives no way to publish or to subscribe. <see cref="EventStream{T}"/> implements it. Do not implement it elsewhere: later
/// versions may add members.
/// <para><b>Concurrency.</b> All members may be used from any thread at any time. The figures are read while events are being published,
/// so two of them may be of different moments.</para></remarks>
public interface IEventStream
{
    /// <summary>The name of <see cref="EventStreamOptions.Name"/>, or null.</summary>
    string? Name { get; }

    /// <summary>The sequence number of the next event: how many events were published.</summary>
    long NextSequence { get; }

    /// <summary>The sequence number of the oldest retained event, or <see cref="NextSequence"/> if nothing is retained.</summary>
    long OldestSequence { get; }

    /// <summary>Whether a terminal event was published, or the stream disposed.</summary>
    bool HasEnded { get; }

    /// <summary>The current subscriptions; see <see cref="EventStream{T}.Subscriptions"/>.</summary>
    IReadOnlyList<EventSubscription> Subscriptions { get; }
}
