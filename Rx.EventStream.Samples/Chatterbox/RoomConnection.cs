using System.Collections.Immutable;
using Grpc.Core;
using Grpc.Net.Client;

namespace Rx.Samples.Chatterbox;

/// <summary>A client's connection to the room: it connects, follows the events, and reconnects when the connection is lost. If several
/// servers share the room, it reconnects to the next server and resumes at its position.</summary>
internal abstract class RoomConnection(IReadOnlyList<RoomAddress> addresses, IRoomView view)
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The client pings a server that was silent for this long, and gives up if there is no answer within the timeout. This also
    /// detects a port on which another program listens and never answers.</summary>
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(3);
    private static readonly Status _ended = new(StatusCode.Unavailable, "The server ended the call");

    private readonly BackOff _backOff = new();
    private bool _hasConnected;

    /// <summary>The number of connections that were lost or could not be made.</summary>
    private int _failures;

    /// <summary>The members after the last event that was received.</summary>
    private ImmutableSortedSet<string> _lastMembers = Roster.Empty;

    /// <summary>The position of the next event in the room's log; null if the room has no log.</summary>
    private LogPosition? _next;

    /// <summary>The members of the room; empty while there is no connection. Replaced by the thread that follows the room, read by any
    /// thread.</summary>
    protected ImmutableSortedSet<string> Members { get; private set; } = Roster.Empty;

    /// <summary>The headers of a call, which ask the server to resume.</summary>
    protected Metadata ResumeHeaders => _next is null ? [] : [new(RoomHeaders.Next, $"{_next}")];

    protected IRoomView View => view;

    /// <summary>Connects, and reconnects after each failure, until cancelled.</summary>
    /// <returns>The exit code: 0, or 1 if the client never connected.</returns>
    protected async Task<int> KeepConnectedAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            RoomAddress address = addresses[_failures % addresses.Count];

            // A new channel for each attempt: a channel that has failed applies its own back-off.
            using var handler = new SocketsHttpHandler
            {
                ConnectTimeout = _connectTimeout,
                KeepAlivePingDelay = _pingDelay,
                KeepAlivePingTimeout = _pingTimeout,
            };
            using var channel = GrpcChannel.ForAddress(address.Uri, new GrpcChannelOptions { HttpHandler = handler });
            RpcException lost;
            try
            {
                await CallAsync(new ChatterBox.ChatterBoxClient(channel), ct);
                lost = new RpcException(_ended);
            }
            catch (Exception error) when (ct.IsCancellationRequested && error is RpcException or OperationCanceledException)
            {
                break;
            }
            catch (RpcException error)
            {
                lost = error;
            }

            _failures++;
            Members = Roster.Empty;
            if (lost.StatusCode == StatusCode.DataLoss)
            {
                view.ShowNotice($"The events since then are lost: {lost.Status.Detail}");
                _next = null;
            }

            if (IsRejection(lost))
            {
                OnRejected();
            }

            if (!_hasConnected)
            {
                if (_failures < addresses.Count)
                {
                    continue;
                }

                view.Close(
                    $"There is no room at {string.Join(", ", addresses)}: {ReasonOf(lost)}. "
                    + $"Open one with: {SampleHost.Command} chatterbox server {RoomAddress.Option} {address}");
                return 1;
            }

            TimeSpan pause = _backOff.GetNextDelay();
            string what = addresses.Count == 1 ? "again" : $"{addresses[_failures % addresses.Count]}";
            view.ShowNotice($"{Describe(lost, address)} Trying {what} in {pause.TotalSeconds:0.0} s.");
            await Task.Delay(pause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return 0;
    }

    /// <summary>Makes one call and waits until the server ends it.</summary>
    /// <exception cref="RpcException">The call failed, or the server ended it with an error.</exception>
    protected abstract Task CallAsync(ChatterBox.ChatterBoxClient room, CancellationToken ct);

    /// <summary>Called when the server rejected a line of this client.</summary>
    protected virtual void OnRejected()
    {
    }

    /// <summary>Called with each event, before the view shows it.</summary>
    protected virtual void OnEvent(Event roomEvent)
    {
    }

    /// <summary>Receives the start of the response: the headers, and the members unless the server resumes at this client's position.</summary>
    /// <returns>The client's name in the room, if the server sends it, and whether the server resumes, so that no event is missed.</returns>
    protected async Task<(string? Name, bool IsResumed)> ReceiveMembersAsync(
        Task<Metadata> headers, IAsyncStreamReader<Event> events, CancellationToken ct)
    {
        var next = LogPosition.From(await headers);
        bool isResumed = next is not null && next == _next;
        ImmutableSortedSet<string> members = isResumed ? _lastMembers : Roster.Empty;
        do
        {
            if (!await events.MoveNext(ct))
            {
                throw new RpcException(_ended);
            }

            members = Roster.Apply(members, events.Current);
        }
        while (events.Current.What != What.Initialized);

        string? name = (await headers).GetValue(RoomHeaders.Name);
        Members = _lastMembers = members;
        _next = next;
        _hasConnected = true;
        _backOff.Reset();
        view.ShowMembers(name, members);
        return (name, isResumed);
    }

    /// <summary>Receives the events that follow, until the server ends the call.</summary>
    protected async Task FollowAsync(IAsyncStreamReader<Event> events, CancellationToken ct)
    {
        while (await events.MoveNext(ct))
        {
            Event roomEvent = events.Current;
            Members = _lastMembers = Roster.Apply(Members, roomEvent);
            _next = _next is null ? null : _next with { Sequence = _next.Sequence + 1 };
            OnEvent(roomEvent);
            view.ShowEvent(roomEvent, Members);
        }
    }

    private static bool IsCutOff(RpcException lost) => lost.Trailers.GetValue(RoomHeaders.Missed) is not null;

    private static bool IsRejection(RpcException lost) => lost.StatusCode == StatusCode.ResourceExhausted && !IsCutOff(lost);

    private static string ReasonOf(RpcException lost) => lost.Status.DebugException?.GetBaseException() switch
    {
        HttpIOException { HttpRequestError: HttpRequestError.HttpProtocolError } => "the program at that port does not answer",
        { } error => error.Message.TrimEnd('.'),
        null => lost.Status.Detail.TrimEnd('.'),
    };

    private static string Describe(RpcException lost, RoomAddress address) =>
        IsCutOff(lost) ? $"The server cut you off: {lost.Status.Detail}"
        : IsRejection(lost) ? $"The server rejected the call: {lost.Status.Detail}"
        : lost.Status.DebugException is null && lost.Status.Detail.Length > 0 ? $"The server at {address}: {lost.Status.Detail.TrimEnd('.')}."
        : $"The server at {address} is not reachable.";
}
