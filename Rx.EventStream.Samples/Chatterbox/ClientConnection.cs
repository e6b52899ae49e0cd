using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>The connection of a chat client: it sends its lines, and leaves when each line has come back from the room.</summary>
internal sealed class ClientConnection(IReadOnlyList<RoomAddress> addresses, IRoomView view) : RoomConnection(addresses, view)
{
    /// <summary>A description of the commands that can be typed in place of a line.</summary>
    public const string Commands = $"Type {Who} to list the members, {Quit} to leave.";

    private const string Who = "/who";
    private const string Quit = "/quit";

    /// <summary>How long a client that leaves waits for the next line to come back.</summary>
    private static readonly TimeSpan _quitTimeout = TimeSpan.FromSeconds(1.5);

    private readonly Outbox _outbox = new();

    /// <summary>Completes when the client has joined for the first time.</summary>
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>This client's names since it last joined without resuming. The last one is its current name.</summary>
    private readonly List<string> _names = [];

    /// <summary>Completes when the client has received its own join event, and with it all events that it missed.</summary>
    private TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="lines">The lines to send, and commands.</param>
    /// <param name="interrupted">Leaves early.</param>
    /// <returns>The exit code: 0, or 1 if the client never connected, or if a line may not have reached the room.</returns>
    public async Task<int> RunAsync(IAsyncEnumerable<string> lines, CancellationToken interrupted)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(interrupted);

        // Not awaited: reading from a console cannot be interrupted.
        _ = ReadLinesAsync(lines, leaving);
        Task emptied = CancelAfterAsync(Task.WhenAll(_joined.Task, _outbox.Emptied), leaving);
        int exitCode = await KeepConnectedAsync(leaving.Token);
        await leaving.CancelAsync();
        await emptied;
        int lost = _outbox.Lost + _outbox.Count;
        if (lost > 0)
        {
            View.Close($"{Lines(lost)} may not have reached the room.");
        }

        return lost > 0 ? 1 : exitCode;
    }

    protected override async Task CallAsync(ChatterBox.ChatterBoxClient room, CancellationToken ct)
    {
        using AsyncDuplexStreamingCall<Send, Event> call = room.Chat(ResumeHeaders, cancellationToken: ct);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        (string? name, bool isResumed) = await ReceiveMembersAsync(call.ResponseHeadersAsync, call.ResponseStream, ct);
        OnJoined(name, isResumed);
        Task sending = SendLinesAsync(call.RequestStream, ending.Token);
        try
        {
            await FollowAsync(call.ResponseStream, ct);
        }
        finally
        {
            // An error of this task is ignored: reading the events reports how the call ended.
            await ending.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override void OnEvent(Event roomEvent)
    {
        // If the server does not send the client's name, only the text tells which lines are its own.
        if (roomEvent.What == What.Chat && (_names.Count == 0 || _names.Contains(roomEvent.Who)))
        {
            _outbox.Confirm(roomEvent.Text);
        }
        else if (roomEvent.What == What.Join && _names.Count > 0 && roomEvent.Who == _names[^1])
        {
            _caughtUp.TrySetResult();
        }
    }

    protected override void OnRejected() => AbandonUnconfirmed();

    private static async Task CancelAfterAsync(Task task, CancellationTokenSource source)
    {
        await task.WaitAsync(source.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await source.CancelAsync();
    }

    private static string Lines(int count) => count == 1 ? "1 line" : $"{count:N0} lines";

    private void OnJoined(string? name, bool isResumed)
    {
        _caughtUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!isResumed)
        {
            _names.Clear();
            AbandonUnconfirmed();
            _caughtUp.SetResult();
        }

        if (name is not null)
        {
            _names.Add(name);
        }

        _joined.TrySetResult();
    }

    /// <summary>Sends the lines. A line that was unconfirmed when the connection was lost, and is still unconfirmed when this client receives its
    /// own join event, has not reached the room, and is sent again.</summary>
    private async Task SendLinesAsync(IClientStreamWriter<Send> room, CancellationToken ct)
    {
        await _caughtUp.Task.WaitAsync(ct);
        await _outbox.SendAsync(room, ct);
    }

    private void AbandonUnconfirmed()
    {
        if (_outbox.Abandon() is > 0 and int lost)
        {
            View.ShowNotice($"{Lines(lost)} may not have reached the room.");
        }
    }

    private async Task ReadLinesAsync(IAsyncEnumerable<string> lines, CancellationTokenSource leaving)
    {
        bool isQuitting = false;
        try
        {
            await _joined.Task.WaitAsync(leaving.Token);
            await foreach (string line in lines)
            {
                string command = line.Trim();
                isQuitting = command == Quit;
                if (isQuitting)
                {
                    break;
                }

                if (command == Who)
                {
                    View.ShowNotice(Members.IsEmpty ? "You are not connected to the room." : RoomText.Format(Members));
                }
                else if (command.StartsWith('/'))
                {
                    View.ShowNotice($"There is no command {command.Split(' ')[0]}. {Commands}");
                }
                else
                {
                    await _outbox.AddAsync(line, leaving.Token);
                }
            }
        }
        finally
        {
            _outbox.Close();
        }

        if (isQuitting)
        {
            await QuitAsync(leaving);
        }
    }

    /// <summary>Leaves when the outbox is empty or no line comes back in time. Unlike a script, a user does not wait for a server that may
    /// never come back.</summary>
    private async Task QuitAsync(CancellationTokenSource leaving)
    {
        int before;
        do
        {
            before = _outbox.Count;
            await Task.WhenAny(_outbox.Emptied, Task.Delay(_quitTimeout, leaving.Token));
        }
        while (!leaving.IsCancellationRequested && _outbox.Count < before);

        await leaving.CancelAsync();
    }
}
