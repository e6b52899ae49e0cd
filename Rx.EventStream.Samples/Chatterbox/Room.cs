namespace Rx.Samples.Chatterbox;

/// <summary>A chat room: a stream of its events, and a projection of them to the members. Thread-safe.</summary>
internal abstract class Room : IAsyncDisposable
{
    private readonly EventProjection<RoomState, Event> _state;

    protected Room() => _state = Stream.ToProjection(RoomState.Empty, RoomState.Apply);

    /// <summary>The state of the room, and the position of the next event.</summary>
    public EventSnapshot<RoomState, Event> Current => _state.Current;

    /// <summary>The events of the room from now on.</summary>
    public EventObservable<Event> Events => Stream.AsObservable();

    protected EventStream<Event> Stream { get; } = new(new EventStreamOptions { Name = "chatterbox" });

    /// <summary>The id of the room's log; null if the room has no log.</summary>
    public virtual string? Log => null;

    /// <summary>Adds a member, with a name that was never used in this room.</summary>
    public abstract ValueTask<JoinResult> JoinAsync(CancellationToken ct);

    /// <summary>Publishes a line of a member. It does not wait for slow clients.</summary>
    public abstract ValueTask SayAsync(string name, string text, CancellationToken ct);

    /// <summary>Removes a member. It never throws.</summary>
    public abstract ValueTask LeaveAsync(string name, string reason);

    /// <summary>Reads the log from the given sequence number on.</summary>
    public virtual IAsyncEnumerable<Event> ReadFrom(long sequence) => throw new NotSupportedException("This room has no log.");

    /// <summary>Ends the room. Every client receives the earlier events first, and then the end.</summary>
    public void Close() => Stream.OnCompleted();

    public virtual ValueTask DisposeAsync()
    {
        _state.Dispose();
        Stream.Dispose();
        return default;
    }
}
