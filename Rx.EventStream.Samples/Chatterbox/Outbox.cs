using System.Threading.Channels;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>What a client has to say: lines wait until they can be sent, and are on their way until they are seen in the room.</summary>
/// <remarks>If the connection is lost with a line on its way, only a room that tells what happened meanwhile lets one know whether it has arrived.</remarks>
internal sealed class Outbox
{
    /// <summary>Whoever has more to say waits: a long script is not read into memory.</summary>
    private const int Capacity = 256;

    private readonly Channel<string> _waiting = Channel.CreateBounded<string>(Capacity);

    /// <summary>Sent and not seen, the oldest first. Used under a lock on it.</summary>
    private readonly Queue<string> _onTheirWay = [];

    private readonly TaskCompletionSource _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the last line was added, and each has been seen or given up.</summary>
    public Task Emptied => _emptied.Task;

    /// <summary>How many lines have been given up.</summary>
    public int Lost { get; private set; }

    /// <summary>How many lines wait or are on their way.</summary>
    public int Count
    {
        get
        {
            lock (_onTheirWay)
            {
                return _waiting.Reader.Count + _onTheirWay.Count;
            }
        }
    }

    public ValueTask AddAsync(string line, CancellationToken ct) => _waiting.Writer.WriteAsync(line, ct);

    /// <summary>There are no more lines.</summary>
    public void Close()
    {
        _waiting.Writer.TryComplete();
        CheckIfEmptied();
    }

    /// <summary>Sends what is on its way again, then lines as they come, until there are no more. One at a time may do this.</summary>
    public async Task SendAsync(IClientStreamWriter<Send> room, CancellationToken ct)
    {
        string[] again;
        lock (_onTheirWay)
        {
            again = [.. _onTheirWay];
        }

        foreach (string line in again)
        {
            await room.WriteAsync(new Send { Text = line }, ct);
        }

        while (await _waiting.Reader.WaitToReadAsync(ct))
        {
            string line;
            lock (_onTheirWay)
            {
                _waiting.Reader.TryRead(out line!);
                _onTheirWay.Enqueue(line);
            }

            await room.WriteAsync(new Send { Text = line }, ct);
        }
    }

    /// <summary>A line of this client was seen in the room; those sent before have been seen, too.</summary>
    public void See(string line)
    {
        lock (_onTheirWay)
        {
            if (_onTheirWay.TryPeek(out string? oldest) && oldest == line)
            {
                _onTheirWay.Dequeue();
            }
        }

        CheckIfEmptied();
    }

    /// <summary>Nobody will ever know: gives up what was on its way.</summary>
    /// <returns>How many lines.</returns>
    public int GiveUp()
    {
        int count;
        lock (_onTheirWay)
        {
            count = _onTheirWay.Count;
            Lost += count;
            _onTheirWay.Clear();
        }

        CheckIfEmptied();
        return count;
    }

    private void CheckIfEmptied()
    {
        lock (_onTheirWay)
        {
            // Completed: closed, and nothing waits any more.
            if (_waiting.Reader.Completion.IsCompleted && _onTheirWay.Count == 0)
            {
                _emptied.TrySetResult();
            }
        }
    }
}
