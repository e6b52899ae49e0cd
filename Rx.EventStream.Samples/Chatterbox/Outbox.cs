using System.Threading.Channels;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>The lines that a client has to send: a line is pending until it is sent, and unconfirmed until it comes back from the room.</summary>
/// <remarks>If the connection is lost while a line is unconfirmed, the client can find out whether the line arrived only if the room sends
/// the missed events.</remarks>
internal sealed class Outbox
{
    /// <summary>The most pending lines. A caller that adds more waits, so a long script is not read into memory.</summary>
    private const int Capacity = 256;

    private readonly Channel<string> _pending = Channel.CreateBounded<string>(Capacity);

    /// <summary>The lines that were sent and have not come back, the oldest first. Guarded by a lock on itself.</summary>
    private readonly Queue<string> _unconfirmed = [];

    private readonly TaskCompletionSource _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when no more lines can be added and each line was confirmed or abandoned.</summary>
    public Task Emptied => _emptied.Task;

    /// <summary>The number of abandoned lines.</summary>
    public int Lost { get; private set; }

    /// <summary>The number of lines that are pending or unconfirmed.</summary>
    public int Count
    {
        get
        {
            lock (_unconfirmed)
            {
                return _pending.Reader.Count + _unconfirmed.Count;
            }
        }
    }

    public ValueTask AddAsync(string line, CancellationToken ct) => _pending.Writer.WriteAsync(line, ct);

    /// <summary>Ends the adding of lines.</summary>
    public void Close()
    {
        _pending.Writer.TryComplete();
        CheckIfEmptied();
    }

    /// <summary>Sends the unconfirmed lines again, then pending lines as they are added, until there are no more. Only one call may run at a
    /// time.</summary>
    public async Task SendAsync(IClientStreamWriter<Send> room, CancellationToken ct)
    {
        string[] again;
        lock (_unconfirmed)
        {
            again = [.. _unconfirmed];
        }

        foreach (string line in again)
        {
            await room.WriteAsync(new Send { Text = line }, ct);
        }

        while (await _pending.Reader.WaitToReadAsync(ct))
        {
            string line;
            lock (_unconfirmed)
            {
                _pending.Reader.TryRead(out line!);
                _unconfirmed.Enqueue(line);
            }

            await room.WriteAsync(new Send { Text = line }, ct);
        }
    }

    /// <summary>Confirms a line of this client that came back from the room.</summary>
    public void Confirm(string line)
    {
        lock (_unconfirmed)
        {
            if (_unconfirmed.TryPeek(out string? oldest) && oldest == line)
            {
                _unconfirmed.Dequeue();
            }
        }

        CheckIfEmptied();
    }

    /// <summary>Abandons the unconfirmed lines, because the client cannot find out whether they arrived.</summary>
    /// <returns>The number of lines.</returns>
    public int Abandon()
    {
        int count;
        lock (_unconfirmed)
        {
            count = _unconfirmed.Count;
            Lost += count;
            _unconfirmed.Clear();
        }

        CheckIfEmptied();
        return count;
    }

    private void CheckIfEmptied()
    {
        lock (_unconfirmed)
        {
            // The channel is completed once it is closed and has no pending lines.
            if (_pending.Reader.Completion.IsCompleted && _unconfirmed.Count == 0)
            {
                _emptied.TrySetResult();
            }
        }
    }
}
