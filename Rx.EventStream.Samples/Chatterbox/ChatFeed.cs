using System.Collections.Immutable;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>Sends the members of the room to one client, and then the events.</summary>
internal sealed class ChatFeed : IAsyncDisposable
{
    /// <summary>Short events are sent together, at most so many.</summary>
    private const int MaxBuffered = 32;

    /// <summary>How often the feed checks a client that does not read.</summary>
    private static readonly TimeSpan _checkInterval = TimeSpan.FromMilliseconds(250);

    private static readonly WriteOptions _buffered = new(WriteFlags.BufferHint);

    private readonly IServerStreamWriter<Event> _client;
    private readonly EventReader<Event> _reader;
    private readonly ImmutableSortedSet<string> _members;

    /// <summary>The current write, or the last one.</summary>
    private Task _writing = Task.CompletedTask;

    /// <exception cref="RpcException">The room is closed.</exception>
    public ChatFeed(Room room, string name, LagPolicy lag, IServerStreamWriter<Event> client)
    {
        _client = client;
        _reader = room.OpenReader(name, lag, out _members);
    }

    /// <summary>How many events the client is behind. Any thread may read it.</summary>
    public int Lag => _reader.Count;

    /// <summary>Sends the members, then INITIALIZED, then the events, until the room is closed.</summary>
    /// <exception cref="SubscriberLaggedException">The client did not keep up.</exception>
    /// <exception cref="RpcException">The room is closed.</exception>
    public async Task SendAsync(CancellationToken ct)
    {
        foreach (string member in _members)
        {
            await SendAsync(new Event { Who = member, What = What.Join }, isBuffered: true, ct);
        }

        await SendAsync(new Event { What = What.Initialized }, isBuffered: false, ct);
        while (await _reader.WaitToReadAsync(ct))
        {
            while (_reader.TryRead(out Event? roomEvent))
            {
                bool isBuffered = Lag > 0 && _reader.Sequence % MaxBuffered != 0 && roomEvent.Text.Length < 1_000;
                await SendAsync(roomEvent, isBuffered, ct);
            }
        }

        throw Room.Closed();
    }

    /// <summary>Leaves the stream, then waits until the client has read the current write or has disconnected.</summary>
    /// <remarks>The call must not end before that: a status that is sent during a write would reset the call.</remarks>
    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SendAsync(Event roomEvent, bool isBuffered, CancellationToken ct)
    {
        _client.WriteOptions = isBuffered ? _buffered : WriteOptions.Default;
        _writing = _client.WriteAsync(roomEvent, CancellationToken.None);
        while (!_writing.IsCompleted)
        {
            await _writing.WaitAsync(_checkInterval, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
            if (!_writing.IsCompleted && Lag > 0)
            {
                // The reader applies its lag policy when it is asked for the next event.
                await _reader.WaitToReadAsync(ct);
            }
        }

        await _writing;
    }
}
