using System.Collections.Immutable;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>A chat room: one stream of its events, and a projection of them to the members. Thread-safe.</summary>
internal sealed class Room : IDisposable
{
    private readonly EventStream<Event> _stream = new(new EventStreamOptions { Name = "chatterbox" });
    private readonly EventProjection<ImmutableSortedSet<string>, Event> _members;

    /// <summary>The number of the newest name. Changed only by interlocked operations.</summary>
    private long _names;

    /// <summary>Set before the stream ends. Written by the thread that closes the room, and read by calls, with volatile accesses.</summary>
    private bool _isClosed;

    public Room() => _members = _stream.ToProjection(NoMembers, Apply);

    public static ImmutableSortedSet<string> NoMembers { get; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>The events of the room from now on.</summary>
    public EventObservable<Event> Events => _stream.AsObservable();

    /// <summary>The feeds of the clients, and what else follows the room.</summary>
    public IReadOnlyList<EventSubscription> Subscriptions => _stream.Subscriptions;

    /// <summary>Computes the members after an event. The server and the client use it.</summary>
    public static ImmutableSortedSet<string> Apply(ImmutableSortedSet<string> members, Event roomEvent) => roomEvent.What switch
    {
        What.Join => members.Add(roomEvent.Who),
        What.Leave => members.Remove(roomEvent.Who),
        _ => members,
    };

    /// <summary>Adds a member, with a name that was never used in this room. Completes when the name is in the list of members.</summary>
    /// <exception cref="RpcException">The room is closed.</exception>
    public async Task<string> JoinAsync()
    {
        string name = $"User {Interlocked.Increment(ref _names)}";
        long sequence = await _stream.OnNextAsync(new Event { Who = name, What = What.Join });
        if (sequence < 0)
        {
            throw Closed();
        }

        await _members.WhenReachedAsync(sequence);
        return name;
    }

    /// <summary>Publishes a line of a member. It does not wait for slow clients.</summary>
    public void Say(string name, string text) => _stream.OnNext(new Event { Who = name, What = What.Chat, Text = text });

    public void Leave(string name, string reason) => _stream.OnNext(new Event { Who = name, What = What.Leave, Text = reason });

    /// <summary>Opens a reader of exactly the events that are not in the list of members, so that a client misses and repeats none.</summary>
    /// <exception cref="RpcException">The room is closed.</exception>
    public EventReader<Event> OpenReader(string name, LagPolicy lag, out ImmutableSortedSet<string> members)
    {
        using EventSnapshot<ImmutableSortedSet<string>, Event> now = _members.Current;
        EventReader<Event> reader = now.Position.AsObservable().WithLagPolicy(lag).WithName(name).OpenReader();
        members = now.State;
        if (!Volatile.Read(ref _isClosed))
        {
            return reader;
        }

        // After the end of the stream, members leave without an event. So the list could be wrong.
        reader.Dispose();
        throw Closed();
    }

    /// <summary>Ends the room. Every client receives the earlier events first, and then the end.</summary>
    public void Close()
    {
        Volatile.Write(ref _isClosed, true);
        _stream.OnCompleted();
    }

    public static RpcException Closed() => new(new Status(StatusCode.Unavailable, "The room is closed."));

    public void Dispose()
    {
        _members.Dispose();
        _stream.Dispose();
    }
}
