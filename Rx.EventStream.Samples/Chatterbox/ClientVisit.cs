using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>A visit of one who talks: sends the lines it is given, and leaves when all of them were heard.</summary>
internal sealed class ClientVisit(IReadOnlyList<RoomAddress> addresses, IRoomView view) : Visit(addresses, view)
{
    private const string Who = "/who";
    private const string Quit = "/quit";

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
        _ = TakeAsync(lines, leaving.Token);
        Task told = CancelAfterAsync(Task.WhenAll(_arrived.Task, _outbox.Emptied), leaving);
        int exitCode = await StayAsync(leaving.Token);
        await leaving.CancelAsync();
        await told;
        int lost = _outbox.Lost + _outbox.Count;
        if (lost > 0)
        {
            await Console.Error.WriteLineAsync($"{Lines(lost)} may not have reached the room.");
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

    private async Task TakeAsync(IAsyncEnumerable<string> lines, CancellationToken ct)
    {
        try
        {
            await _arrived.Task.WaitAsync(ct);
            await foreach (string line in lines)
            {
                if (line == Quit)
                {
                    break;
                }

                if (line == Who)
                {
                    View.Notice(Members.IsEmpty ? "You are not in the room now." : Wording.Of(Members));
                    continue;
                }

                await _outbox.AddAsync(line, ct);
            }
        }
        finally
        {
            _outbox.Close();
        }
    }
}
