namespace Rx.Samples.Chatterbox;

/// <summary>A room: one stream of what happens there, and who is there as a projection of it. Any thread may use it at any time.</summary>
internal abstract class Room : IAsyncDisposable
{
    private readonly EventProjection<RoomState, Event> _state;

    protected Room() => _state = Stream.ToProjection(RoomState.Empty, RoomState.After);

    /// <summary>The room now, and where to go on from there.</summary>
    public EventSnapshot<RoomState, Event> Current => _state.Current;

    /// <summary>What happens in the room from now on.</summary>
    public EventObservable<Event> Events => Stream.AsObservable();

    protected EventStream<Event> Stream { get; } = new(new EventStreamOptions { Name = "chatterbox" });

    /// <summary>Which log the room has, or null.</summary>
    public virtual string? Log => null;

    /// <summary>Somebody comes in, under a name that nobody in the room has had.</summary>
    public abstract ValueTask<Newcomer> JoinAsync(CancellationToken ct);

    /// <summary>Somebody says something. It waits for nobody who listens.</summary>
    public abstract ValueTask SayAsync(string who, string text, CancellationToken ct);

    /// <summary>Somebody leaves; it never fails.</summary>
    public abstract ValueTask LeaveAsync(string who, string reason);

    /// <summary>What happened from a place in the log on.</summary>
    public virtual IAsyncEnumerable<Event> ReadFrom(long sequence) => throw new NotSupportedException("This room has no log.");

    /// <summary>Nothing happens in the room any more; everyone is told, after what happened before.</summary>
    public void Close() => Stream.OnCompleted();

    public virtual ValueTask DisposeAsync()
    {
        _state.Dispose();
        Stream.Dispose();
        return default;
    }
}
