using System.Collections.Immutable;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>Tells one client who is in the room, and then what happens there.</summary>
internal sealed class RoomFeed : IAsyncDisposable
{
    /// <summary>How many events go out together at most where several wait.</summary>
    private const int RunLength = 32;

    /// <summary>How often to look after a client that does not take what it is sent.</summary>
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(250);

    private static readonly WriteOptions _buffered = new(WriteFlags.BufferHint);

    private readonly Room _room;
    private readonly string _name;
    private readonly IServerStreamWriter<Event> _client;
    private readonly EventReader<Event> _reader;

    /// <summary>The room before the next event of the reader.</summary>
    private RoomState _state;

    /// <summary>The number of the first event that the client has not had; 0 if it is told everything.</summary>
    private long _goesOnAt;

    private int _run;

    /// <summary>The write under way, or the last one.</summary>
    private Task _sending = Task.CompletedTask;

    /// <summary>Joins the room's stream where the snapshot ends, so that nothing is missed or repeated.</summary>
    /// <param name="room">The room.</param>
    /// <param name="name">What to call the subscriber; if it is in the room, how it is called there.</param>
    /// <param name="lag">What to do about a client that does not keep up.</param>
    /// <param name="client">Where the events go.</param>
    public RoomFeed(Room room, string name, LagPolicy lag, IServerStreamWriter<Event> client)
    {
        // The snapshot is not kept: its position would keep every event from here on.
        EventSnapshot<RoomState, Event> now = room.Current;
        _state = now.State;
        _reader = now.Position.AsObservable().WithLagPolicy(lag).WithName(name).OpenReader();
        _room = room;
        _name = name;
        _client = client;
    }

    /// <summary>Waits until the client, who has just joined, is among the members.</summary>
    /// <remarks>As a rule it is there. But joining is an event like any other, and may reach the members a little later: because another
    /// thread is busy handing out events, or because the room is served by several servers.</remarks>
    /// <exception cref="SubscriberLaggedException">Too much happened meanwhile.</exception>
    /// <exception cref="RpcException">It has been thrown out again already.</exception>
    public async Task AwaitJoinAsync(Newcomer newcomer, CancellationToken ct)
    {
        while (!_state.Members.Contains(_name))
        {
            if (newcomer.Sequence > 0 && _state.Sequence >= newcomer.Sequence)
            {
                throw TakenForGone();
            }

            if (!await _reader.WaitToReadAsync(ct))
            {
                return;
            }

            while (!_state.Members.Contains(_name) && _reader.TryRead(out Event? happened))
            {
                _state = RoomState.After(_state, happened);
            }
        }
    }

    /// <summary>Goes on where the client was before, if it was in this log.</summary>
    /// <param name="next">The place of the first event that the client has not had, or null.</param>
    /// <returns>The place of the first event that <see cref="SendAsync(CancellationToken)"/> will send; null where there is no log.</returns>
    public LogPlace? GoOnAt(LogPlace? next)
    {
        if (_room.Log is not { } log)
        {
            return null;
        }

        // A server that is itself behind the client begins anew.
        if (next is not null && next.Log == log && next.Sequence <= _state.Sequence + 1)
        {
            _goesOnAt = next.Sequence;
            return next;
        }

        return new LogPlace(log, _state.Sequence + 1);
    }

    /// <summary>Sends the members, then that these are all, then what happens, until the room is closed.</summary>
    /// <exception cref="SubscriberLaggedException">The client did not keep up.</exception>
    public async Task SendAsync(CancellationToken ct)
    {
        ImmutableSortedSet<string> members = _goesOnAt == 0 ? _state.Members : Roster.Empty;
        foreach (string member in members)
        {
            await SendAsync(new Event { Who = member, What = What.Join }, isMoreComing: true, ct);
        }

        await SendAsync(new Event { What = What.Initialized }, isMoreComing: false, ct);
        await SendMissedAsync(ct);
        while (await _reader.WaitToReadAsync(ct))
        {
            while (_reader.TryRead(out Event? happened))
            {
                await SendAsync(happened, isMoreComing: _reader.Count > 0, ct);
                if (happened.What == What.Leave && happened.Who == _name)
                {
                    throw TakenForGone();
                }
            }
        }
    }

    /// <summary>Leaves the stream, then waits until the client has taken what is under way, or is gone.</summary>
    /// <remarks>Only behind that the call may end: a status sent into the middle of a write would reset the call instead.</remarks>
    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static RpcException TakenForGone() => new(new Status(StatusCode.Unavailable, "The other servers took this one for gone."));

    /// <summary>Sends what the reader, which stands at the end of that, does not have.</summary>
    private async Task SendMissedAsync(CancellationToken ct)
    {
        if (_goesOnAt == 0 || _goesOnAt > _state.Sequence)
        {
            return;
        }

        await foreach (Event happened in _room.ReadFrom(_goesOnAt).WithCancellation(ct))
        {
            if (happened.Sequence <= _state.Sequence)
            {
                await SendAsync(happened, isMoreComing: happened.Sequence < _state.Sequence, ct);
            }

            if (happened.Sequence >= _state.Sequence)
            {
                break;
            }
        }
    }

    private async Task SendAsync(Event happened, bool isMoreComing, CancellationToken ct)
    {
        _run = isMoreComing && _run < RunLength ? _run + 1 : 0;
        _client.WriteOptions = _run > 0 ? _buffered : WriteOptions.Default;

        // A cancelled write would reset the call, and with it the status that is to end it.
        _sending = _client.WriteAsync(happened, CancellationToken.None);
        while (!_sending.IsCompleted)
        {
            await _sending.WaitAsync(_glance, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
            if (!_sending.IsCompleted && _reader.Count > 0)
            {
                // A lag policy is applied when the reader is asked for the next event. A client that does not take this one
                // would never come to that.
                await _reader.WaitToReadAsync(ct);
            }
        }

        await _sending;
    }
}
