using System.Diagnostics;
using NATS.Client.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>Sees to it that who is in a shared room really is at one of its servers: a server that is killed cannot say who leaves with it.</summary>
/// <remarks>Each server tells the others all the time that it is there, past the log.</remarks>
internal sealed class Attendance : IAsyncDisposable
{
    private readonly string _server;
    private readonly NatsConnection _connection;
    private readonly string _subject;
    private readonly Func<string, ValueTask> _leave;
    private readonly RollCall _roll;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _watching;

    /// <param name="server">This server.</param>
    /// <param name="connection">Where the servers hear each other.</param>
    /// <param name="subject">What they talk on.</param>
    /// <param name="leave">Says in the room that somebody left.</param>
    public Attendance(string server, NatsConnection connection, string subject, Func<string, ValueTask> leave)
    {
        _server = server;
        _connection = connection;
        _subject = subject;
        _leave = leave;
        _roll = new RollCall(server);
        _watching = Task.WhenAll(Task.Run(ListenAsync), Task.Run(BeatAsync), Task.Run(WatchAsync));
    }

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>Somebody is at this server.</summary>
    public void Add(string name) => _roll.Add(name);

    /// <summary>Somebody is at this server no more.</summary>
    public void Remove(string name) => _roll.Remove(name);

    /// <summary>Something was read from the log.</summary>
    public void See(Event happened, string server) => _roll.See(happened, server, Now);

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    private async Task ListenAsync()
    {
        await foreach (NatsMsg<string> beat in _connection.SubscribeAsync<string>(_subject, cancellationToken: _disposed.Token))
        {
            _roll.Hear(beat.Data ?? "", Now);
        }
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(RollCall.Beat);
        while (await timer.WaitForNextTickAsync(_disposed.Token))
        {
            try
            {
                await _connection.PublishAsync(_subject, _server, cancellationToken: _disposed.Token);
            }
            catch (Exception) when (!_disposed.IsCancellationRequested)
            {
                // Cut off. The others will notice, and so will this one.
            }
        }
    }

    /// <summary>Not in the loop above: a log that is slow to take it must not silence this server.</summary>
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(RollCall.Beat);
        while (await timer.WaitForNextTickAsync(_disposed.Token))
        {
            foreach (string name in _roll.Absent())
            {
                await _leave(name);
            }
        }
    }
}
