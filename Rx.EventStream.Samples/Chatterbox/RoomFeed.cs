using System.Collections.Immutable;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>Sends the members of the room to one client, and then the events.</summary>
internal sealed class RoomFeed : IAsyncDisposable
{
    /// <summary>The most events in a row that are buffered while more events wait.</summary>
    private const int MaxBuffered = 32;

    /// <summary>How often the feed checks a client that does not read.</summary>
    private static readonly TimeSpan _checkInterval = TimeSpan.FromMilliseconds(250);

    private static readonly WriteOptions _bufferHint = new(WriteFlags.BufferHint);

    private readonly Room _room;
    private readonly string _name;
    private readonly IServerStreamWriter<Event> _client;
    private readonly EventReader<Event> _reader;

    /// <summary>The state of the room before the reader's next event.</summary>
    private RoomState _state;

    /// <summary>The sequence number of the first event that the client has not received; 0 if the feed does not resume.</summary>
    private long _resumeAt;

    /// <summary>The number of events in a row that were buffered.</summary>
    private int _buffered;

    /// <summary>The current write, or the last one.</summary>
    private Task _writing = Task.CompletedTask;

    /// <summary>Opens a reader at the position of the snapshot, so that no event is missed or repeated.</summary>
    /// <param name="room">The room.</param>
    /// <param name="name">The name of the subscriber; for a member, its name in the room.</param>
    /// <param name="lag">The lag policy for a client that does not keep up.</param>
    /// <param name="client">The client to send to.</param>
    public RoomFeed(Room room, string name, LagPolicy lag, IServerStreamWriter<Event> client)
    {
        using EventSnapshot<RoomState, Event> now = room.Current;
        _state = now.State;
        _reader = now.Position.AsObservable().WithLagPolicy(lag).WithName(name).OpenReader();
        _room = room;
        _name = name;
        _client = client;
    }

    /// <summary>Waits until the client, which has just joined, is one of the members.</summary>
    /// <remarks>Usually it is already. But a join is an event like any other, and can reach the projection a little later: because another
    /// thread is draining the stream, or because several servers share the room.</remarks>
    /// <exception cref="SubscriberLaggedException">Too many events were published during the wait.</exception>
    /// <exception cref="RpcException">Another server has already removed the client.</exception>
    public async Task WaitForJoinAsync(JoinResult joined, CancellationToken ct)
    {
        while (!_state.Members.Contains(_name))
        {
            if (joined.Sequence > 0 && _state.Sequence >= joined.Sequence)
            {
                throw RemovedByOtherServer();
            }

            if (!await _reader.WaitToReadAsync(ct))
            {
                return;
            }

            while (!_state.Members.Contains(_name) && _reader.TryRead(out Event? roomEvent))
            {
                _state = RoomState.Apply(_state, roomEvent);
            }
        }
    }

    /// <summary>Resumes at the client's position, if it is a position in this room's log.</summary>
    /// <param name="next">The position of the first event that the client has not received, or null.</param>
    /// <returns>The position of the first event that <see cref="SendAsync(CancellationToken)"/> sends; null if the room has no log.</returns>
    public LogPosition? ResumeAt(LogPosition? next)
    {
        if (_room.Log is not { } log)
        {
            return null;
        }

        // If this server is behind the client, the client starts again with the members.
        if (next is not null && next.Log == log && next.Sequence <= _state.Sequence + 1)
        {
            _resumeAt = next.Sequence;
            return next;
        }

        return new LogPosition(log, _state.Sequence + 1);
    }

    /// <summary>Sends the members, then INITIALIZED, then the events, until the room is closed.</summary>
    /// <exception cref="SubscriberLaggedException">The client did not keep up.</exception>
    public async Task SendAsync(CancellationToken ct)
    {
        ImmutableSortedSet<string> members = _resumeAt == 0 ? _state.Members : Roster.Empty;
        foreach (string member in members)
        {
            await SendAsync(new Event { Who = member, What = What.Join }, hasMore: true, ct);
        }

        await SendAsync(new Event { What = What.Initialized }, hasMore: false, ct);
        await SendMissedAsync(ct);
        while (await _reader.WaitToReadAsync(ct))
        {
            while (_reader.TryRead(out Event? roomEvent))
            {
                await SendAsync(roomEvent, hasMore: _reader.Count > 0, ct);
                if (roomEvent.What == What.Leave && roomEvent.Who == _name)
                {
                    throw RemovedByOtherServer();
                }
            }
        }
    }

    /// <summary>Leaves the stream, then waits until the client has read the current write or has disconnected.</summary>
    /// <remarks>The call must not end before that: a status that is sent during a write would reset the call.</remarks>
    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static RpcException RemovedByOtherServer() =>
        new(new Status(StatusCode.Unavailable, "The other servers did not hear from this server, and removed its clients."));

    /// <summary>Sends the events before the reader's position that the client has missed. They come from the log.</summary>
    private async Task SendMissedAsync(CancellationToken ct)
    {
        if (_resumeAt == 0 || _resumeAt > _state.Sequence)
        {
            return;
        }

        await foreach (Event roomEvent in _room.ReadFrom(_resumeAt).WithCancellation(ct))
        {
            if (roomEvent.Sequence <= _state.Sequence)
            {
                await SendAsync(roomEvent, hasMore: roomEvent.Sequence < _state.Sequence, ct);
            }

            if (roomEvent.Sequence >= _state.Sequence)
            {
                break;
            }
        }
    }

    private async Task SendAsync(Event roomEvent, bool hasMore, CancellationToken ct)
    {
        _buffered = hasMore && _buffered < MaxBuffered ? _buffered + 1 : 0;
        _client.WriteOptions = _buffered > 0 ? _bufferHint : WriteOptions.Default;

        // A cancelled write would reset the call, and the client would not receive the status.
        _writing = _client.WriteAsync(roomEvent, CancellationToken.None);
        while (!_writing.IsCompleted)
        {
            await _writing.WaitAsync(_checkInterval, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
            if (!_writing.IsCompleted && _reader.Count > 0)
            {
                // The reader applies its lag policy when it is asked for the next event. Without this call, that would never happen for a
                // client that does not read.
                await _reader.WaitToReadAsync(ct);
            }
        }

        await _writing;
    }
}
