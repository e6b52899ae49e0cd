using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Rx.Samples.Chatterbox;

/// <summary>A member or a monitor of the room. It makes one call, which ends when the client leaves or the connection is lost.</summary>
internal sealed class ChatClient(RoomAddress address, TextWriter output, TextWriter errors)
{
    public const string Who = "/who";
    public const string Quit = "/quit";

    /// <summary>How long a client waits before it leaves a room that does not confirm lines.</summary>
    private static readonly TimeSpan _farewell = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    /// <summary>Released for each confirmed line.</summary>
    private readonly SemaphoreSlim _confirmation = new(0);

    /// <summary>The members after the last event. Replaced by the task that follows the room, read by the task that sends lines.</summary>
    private ImmutableSortedSet<string> _members = Room.NoMembers;

    /// <summary>The client's name in the room; null if the server does not tell it.</summary>
    private string? _name;

    /// <summary>How many lines were sent. Changed by the task that sends lines, read after the call.</summary>
    private int _sent;

    /// <summary>How many lines came back. Changed by the task that follows the room, read after the call.</summary>
    private int _confirmed;

    /// <summary>Pings less often than every 5 minutes, and only during a call: gRPC servers by default allow no more.</summary>
    public static SocketsHttpHandler CreateHandler() => new()
    {
        KeepAlivePingDelay = TimeSpan.FromMinutes(6),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        EnableMultipleHttp2Connections = true,
    };

    /// <summary>Watches the room until interrupted.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> MonitorAsync(CancellationToken interrupted) => CallAsync(
        async (room, ending) =>
        {
            using AsyncServerStreamingCall<Event> call = room.Monitor(new Empty(), cancellationToken: ending.Token);
            await FollowAsync(call.ResponseStream, ending);
        },
        interrupted);

    /// <summary>Joins the room, sends the lines, and leaves when each line has come back.</summary>
    /// <returns>The exit code: 1 if the connection was lost, or if it is unknown whether some line reached the room.</returns>
    public Task<int> ChatAsync(IAsyncEnumerable<string> lines, CancellationToken interrupted) => CallAsync(
        async (room, ending) =>
        {
            using AsyncDuplexStreamingCall<Send, Event> call = room.Chat(cancellationToken: ending.Token);
            _name = (await call.ResponseHeadersAsync).GetValue(ChatService.NameHeader);
            Task following = FollowAsync(call.ResponseStream, ending);
            await Task.WhenAny(following, _joined.Task);
            await await Task.WhenAny(following, SendAsync(lines, call.RequestStream, ending.Token));
            await ending.CancelAsync();
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        },
        interrupted);

    private async Task<int> CallAsync(Func<ChatterBox.ChatterBoxClient, CancellationTokenSource, Task> callAsync, CancellationToken interrupted)
    {
        using var channel = GrpcChannel.ForAddress(address.Uri, new GrpcChannelOptions { HttpHandler = CreateHandler(), DisposeHttpClient = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        ending.CancelAfter(TimeSpan.FromSeconds(10)); // until the members have come
        int exitCode = 0;
        try
        {
            await callAsync(new ChatterBox.ChatterBoxClient(channel), ending);
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException)
        {
            if (!interrupted.IsCancellationRequested)
            {
                exitCode = 1;
                await errors.WriteLineAsync(Describe(error as RpcException, isTimeout: ending.IsCancellationRequested));
            }
        }

        await ending.CancelAsync();
        int unknown = Volatile.Read(ref _sent) - Volatile.Read(ref _confirmed);
        if (unknown > 0)
        {
            exitCode = 1;
            string reason = _name is null ? " This server does not tell the client its name, so the client cannot recognize its own lines." : "";
            await errors.WriteLineAsync($"It is unknown whether {(unknown == 1 ? "1 line" : $"{unknown:N0} lines")} reached the room.{reason}");
        }

        return exitCode;
    }

    /// <summary>Receives the members, then the events, until the call ends.</summary>
    private async Task FollowAsync(IAsyncStreamReader<Event> events, CancellationTokenSource ending)
    {
        while (await events.MoveNext(ending.Token))
        {
            Event roomEvent = events.Current;
            _members = Room.Apply(_members, roomEvent);
            if (roomEvent.What == What.Initialized)
            {
                ending.CancelAfter(Timeout.Infinite);
                await output.WriteAsync(_name is null ? "" : $"You are {_name}\n");
                await output.WriteLineAsync(RoomText.Format(_members));
                _joined.TrySetResult();
            }
            else if (_joined.Task.IsCompleted)
            {
                await output.WriteLineAsync(RoomText.Format(roomEvent));
                if (roomEvent.What == What.Chat && roomEvent.Who == _name)
                {
                    // The name and not the text: other members may say the same words.
                    Interlocked.Increment(ref _confirmed);
                    _confirmation.Release();
                }
            }
        }

        throw new RpcException(new Status(StatusCode.OK, "the server ended the call"));
    }

    private async Task SendAsync(IAsyncEnumerable<string> lines, IClientStreamWriter<Send> room, CancellationToken ct)
    {
        await foreach (string line in lines.WithCancellation(ct))
        {
            ct.ThrowIfCancellationRequested();
            if (line.Trim() == Quit)
            {
                break;
            }

            if (line.Trim() == Who)
            {
                await output.WriteLineAsync(RoomText.Format(_members));
                continue;
            }

            Interlocked.Increment(ref _sent);
            try
            {
                await room.WriteAsync(new Send { Text = line }, ct);
            }
            catch (Exception error) when (error is RpcException or InvalidOperationException)
            {
                // The task that follows the room finds out how the call ended.
                await Task.Delay(Timeout.Infinite, ct);
            }
        }

        if (_name is null)
        {
            await room.CompleteAsync();
            await Task.Delay(_farewell, ct);
            return;
        }

        for (int i = 0; i < _sent; i++)
        {
            await _confirmation.WaitAsync(ct);
        }
    }

    private string Describe(RpcException? error, bool isTimeout)
    {
        string reason = isTimeout || error is null ? "the program at that port does not answer"
            : $"{(error.Status.DebugException?.GetBaseException().Message ?? error.Status.Detail).TrimEnd('.')} ({error.StatusCode})";
        return _joined.Task.IsCompleted
            ? $"The connection to the room at {address} has ended: {reason}."
            : $"There is no room at {address}: {reason}. Open one with: {SampleHost.Command} chatterbox server {RoomAddress.Option} {address}";
    }
}
