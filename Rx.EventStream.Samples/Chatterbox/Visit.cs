using System.Collections.Immutable;
using Grpc.Core;
using Grpc.Net.Client;

namespace Rx.Samples.Chatterbox;

/// <summary>A client's time with a room: it comes, follows what happens, and comes back when the connection is lost. If several servers share
/// the room, it comes to the next one, and goes on where it was.</summary>
internal abstract class Visit(IReadOnlyList<RoomAddress> addresses, IRoomView view)
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may be silent until it is asked whether it is there, and how long it may take to answer. A port where
    /// something listens that never answers shows by this, too.</summary>
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _answerTimeout = TimeSpan.FromSeconds(3);
    private static readonly Status _ended = new(StatusCode.Unavailable, "The server ended the call");

    private readonly BackOff _backOff = new();
    private bool _hasBeenThere;

    /// <summary>How many connections were lost, or did not come about.</summary>
    private int _losses;

    /// <summary>Who was in the room when it was last seen.</summary>
    private ImmutableSortedSet<string> _lastSeen = Roster.Empty;

    /// <summary>The place in the room's log of the next event; null if the room has none.</summary>
    private LogPlace? _next;

    /// <summary>Who is in the room; nobody while the connection is lost. Replaced by who follows the room, read by any thread.</summary>
    protected ImmutableSortedSet<string> Members { get; private set; } = Roster.Empty;

    /// <summary>What to tell a server when calling it.</summary>
    protected Metadata Resuming => _next is null ? [] : [new(RoomHeaders.Next, $"{_next}")];

    protected IRoomView View => view;

    /// <summary>Stays until cancelled.</summary>
    /// <returns>0; or 1 if the client never came in.</returns>
    protected async Task<int> StayAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            RoomAddress address = addresses[_losses % addresses.Count];

            // A channel of its own for each try: one that has failed has a back-off of its own.
            using var handler = new SocketsHttpHandler
            {
                ConnectTimeout = _connectTimeout,
                KeepAlivePingDelay = _silence,
                KeepAlivePingTimeout = _answerTimeout,
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

            _losses++;
            Members = Roster.Empty;
            if (lost.StatusCode == StatusCode.DataLoss)
            {
                view.Notice($"What happened meanwhile is lost: {lost.Status.Detail}");
                _next = null;
            }

            if (IsRefusal(lost))
            {
                OnRefused();
            }

            if (!_hasBeenThere)
            {
                if (_losses < addresses.Count)
                {
                    continue;
                }

                view.Goodbye(
                    $"There is no room at {string.Join(", ", addresses)}: {ReasonOf(lost)}. "
                    + $"Open one with: {SampleHost.Command} chatterbox server {RoomAddress.Option} {address}");
                return 1;
            }

            TimeSpan pause = _backOff.Next();
            string what = addresses.Count == 1 ? "again" : $"{addresses[_losses % addresses.Count]}";
            view.Notice($"{Describe(lost, address)} Trying {what} in {pause.TotalSeconds:0.0} s.");
            await Task.Delay(pause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return 0;
    }

    /// <summary>One call, until the server ends it.</summary>
    /// <exception cref="RpcException">How it ended.</exception>
    protected abstract Task CallAsync(ChatterBox.ChatterBoxClient room, CancellationToken ct);

    /// <summary>The server refused what it was sent.</summary>
    protected virtual void OnRefused()
    {
    }

    /// <summary>The view is about to be told of an event.</summary>
    protected virtual void OnHappened(Event happened)
    {
    }

    /// <summary>Takes the members, which the server tells first; where it was, if it can go on there.</summary>
    /// <returns>How the client is called in the room, if the server says so; and whether nothing was missed since it was last there.</returns>
    protected async Task<(string? Name, bool IsResumed)> ArriveAsync(
        Task<Metadata> headers, IAsyncStreamReader<Event> events, CancellationToken ct)
    {
        var next = LogPlace.From(await headers);
        bool isResumed = next is not null && next == _next;
        ImmutableSortedSet<string> members = isResumed ? _lastSeen : Roster.Empty;
        do
        {
            if (!await events.MoveNext(ct))
            {
                throw new RpcException(_ended);
            }

            members = Roster.After(members, events.Current);
        }
        while (events.Current.What != What.Initialized);

        string? name = (await headers).GetValue(RoomHeaders.Name);
        Members = _lastSeen = members;
        _next = next;
        _hasBeenThere = true;
        _backOff.Reset();
        view.Arrived(name, members);
        return (name, isResumed);
    }

    /// <summary>Takes what happens then, until the server ends the call.</summary>
    protected async Task FollowAsync(IAsyncStreamReader<Event> events, CancellationToken ct)
    {
        while (await events.MoveNext(ct))
        {
            Event happened = events.Current;
            Members = _lastSeen = Roster.After(Members, happened);
            _next = _next is null ? null : _next with { Sequence = _next.Sequence + 1 };
            OnHappened(happened);
            view.Happened(happened, Members);
        }
    }

    private static bool IsCutOff(RpcException lost) => lost.Trailers.GetValue(RoomHeaders.Missed) is not null;

    private static bool IsRefusal(RpcException lost) => lost.StatusCode == StatusCode.ResourceExhausted && !IsCutOff(lost);

    private static string ReasonOf(RpcException lost) => lost.Status.DebugException?.GetBaseException() switch
    {
        HttpIOException { HttpRequestError: HttpRequestError.HttpProtocolError } => "what listens there does not answer",
        { } error => error.Message.TrimEnd('.'),
        null => lost.Status.Detail.TrimEnd('.'),
    };

    private static string Describe(RpcException lost, RoomAddress address) =>
        IsCutOff(lost) ? $"The server cut you off: {lost.Status.Detail}"
        : IsRefusal(lost) ? $"The server refused: {lost.Status.Detail}"
        : lost.Status.DebugException is null && lost.Status.Detail.Length > 0 ? $"The server at {address}: {lost.Status.Detail.TrimEnd('.')}."
        : $"The server at {address} is gone.";
}
