using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>A visit of one who talks: sends the lines it is given, and leaves when all of them were heard.</summary>
internal sealed class ClientVisit(IReadOnlyList<RoomAddress> addresses, IRoomView view) : Visit(addresses, view)
{
    /// <summary>The commands that may stand in place of a line.</summary>
    public const string Commands = $"{Who} tells who is there, {Quit} leaves.";

    private const string Who = "/who";
    private const string Quit = "/quit";

    /// <summary>How long one who wants to leave waits for the room to take the next line.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1.5);

    private readonly Outbox _outbox = new();

    /// <summary>Done when the client has come in for the first time.</summary>
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How this client was called since it last came in without knowing what it missed; the last one is its name.</summary>
    private readonly List<string> _names = [];

    /// <summary>Done when the client has seen itself come in, and so everything that it missed before.</summary>
    private TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="lines">What to say, and commands.</param>
    /// <param name="interrupted">Ends the visit early.</param>
    /// <returns>0; or 1 if the client never came in, or a line did not reach the room.</returns>
    public async Task<int> RunAsync(IAsyncEnumerable<string> lines, CancellationToken interrupted)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(interrupted);

        // Not awaited: reading from a console cannot be interrupted.
        _ = TakeAsync(lines, leaving);
        Task told = CancelAfterAsync(Task.WhenAll(_arrived.Task, _outbox.Emptied), leaving);
        int exitCode = await StayAsync(leaving.Token);
        await leaving.CancelAsync();
        await told;
        int lost = _outbox.Lost + _outbox.Count;
        if (lost > 0)
        {
            View.Goodbye($"{Lines(lost)} may not have reached the room.");
        }

        return lost > 0 ? 1 : exitCode;
    }

    protected override async Task CallAsync(ChatterBox.ChatterBoxClient room, CancellationToken ct)
    {
        using AsyncDuplexStreamingCall<Send, Event> call = room.Chat(Resuming, cancellationToken: ct);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        (string? name, bool isResumed) = await ArriveAsync(call.ResponseHeadersAsync, call.ResponseStream, ct);
        ComeIn(name, isResumed);
        Task speaking = SpeakAsync(call.RequestStream, ending.Token);
        try
        {
            await FollowAsync(call.ResponseStream, ct);
        }
        finally
        {
            // How the call ended, the events have told.
            await ending.CancelAsync();
            await speaking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override void OnHappened(Event happened)
    {
        // A server that does not tell our name leaves us with the words.
        if (happened.What == What.Chat && (_names.Count == 0 || _names.Contains(happened.Who)))
        {
            _outbox.See(happened.Text);
        }
        else if (happened.What == What.Join && _names.Count > 0 && happened.Who == _names[^1])
        {
            _caughtUp.TrySetResult();
        }
    }

    protected override void OnRefused() => GiveUp();

    private static async Task CancelAfterAsync(Task task, CancellationTokenSource source)
    {
        await task.WaitAsync(source.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await source.CancelAsync();
    }

    private static string Lines(int count) => count == 1 ? "1 line" : $"{count:N0} lines";

    private void ComeIn(string? name, bool isResumed)
    {
        _caughtUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!isResumed)
        {
            _names.Clear();
            GiveUp();
            _caughtUp.SetResult();
        }

        if (name is not null)
        {
            _names.Add(name);
        }

        _arrived.TrySetResult();
    }

    /// <summary>Says what there is to say. What was on its way when the connection was lost, and has not been seen by the time that this client
    /// sees itself come in again, has not reached the room, and is said again.</summary>
    private async Task SpeakAsync(IClientStreamWriter<Send> room, CancellationToken ct)
    {
        await _caughtUp.Task.WaitAsync(ct);
        await _outbox.SendAsync(room, ct);
    }

    private void GiveUp()
    {
        if (_outbox.GiveUp() is > 0 and int lost)
        {
            View.Notice($"{Lines(lost)} may not have reached the room.");
        }
    }

    private async Task TakeAsync(IAsyncEnumerable<string> lines, CancellationTokenSource leaving)
    {
        bool isQuitting = false;
        try
        {
            await _arrived.Task.WaitAsync(leaving.Token);
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
                    View.Notice(Members.IsEmpty ? "You are not in the room now." : Wording.Of(Members));
                }
                else if (command.StartsWith('/'))
                {
                    View.Notice($"There is no command {command.Split(' ')[0]}: {Commands}");
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
            await LeaveSoonAsync(leaving);
        }
    }

    /// <summary>Leaves when nothing is taken any more: who types a command does not wait for a server that may never come back, as a script does.</summary>
    private async Task LeaveSoonAsync(CancellationTokenSource leaving)
    {
        int before;
        do
        {
            before = _outbox.Count;
            await Task.WhenAny(_outbox.Emptied, Task.Delay(_patience, leaving.Token));
        }
        while (!leaving.IsCancellationRequested && _outbox.Count < before);

        await leaving.CancelAsync();
    }
}
