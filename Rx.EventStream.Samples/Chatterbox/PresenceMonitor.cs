using System.Diagnostics;
using NATS.Client.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>Removes members from a shared room when their server is gone: a server that was killed cannot report that its clients
/// left.</summary>
/// <remarks>Each server sends heartbeats to the others. Heartbeats do not go through the log.</remarks>
internal sealed class PresenceMonitor : IAsyncDisposable
{
    private readonly string _server;
    private readonly NatsConnection _connection;
    private readonly string _subject;
    private readonly Func<string, ValueTask> _leave;
    private readonly PresenceTracker _tracker;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _running;

    /// <param name="server">The name of this server.</param>
    /// <param name="connection">The connection that carries the heartbeats.</param>
    /// <param name="subject">The NATS subject of the heartbeats.</param>
    /// <param name="leave">Reports in the room that a member left.</param>
    public PresenceMonitor(string server, NatsConnection connection, string subject, Func<string, ValueTask> leave)
    {
        _server = server;
        _connection = connection;
        _subject = subject;
        _leave = leave;
        _tracker = new PresenceTracker(server);
        _running = Task.WhenAll(Task.Run(ReceiveHeartbeatsAsync), Task.Run(SendHeartbeatsAsync), Task.Run(RemoveAbsentAsync));
    }

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>Adds a client of this server.</summary>
    public void Add(string name) => _tracker.Add(name);

    /// <summary>Removes a client of this server.</summary>
    public void Remove(string name) => _tracker.Remove(name);

    /// <summary>Takes an event that was read from the log.</summary>
    public void OnEvent(Event roomEvent, string server) => _tracker.OnEvent(roomEvent, server, Now);

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    private async Task ReceiveHeartbeatsAsync()
    {
        await foreach (NatsMsg<string> heartbeat in _connection.SubscribeAsync<string>(_subject, cancellationToken: _disposed.Token))
        {
            _tracker.OnHeartbeat(heartbeat.Data ?? "", Now);
        }
    }

    private async Task SendHeartbeatsAsync()
    {
        using var timer = new PeriodicTimer(PresenceTracker.HeartbeatInterval);
        while (await timer.WaitForNextTickAsync(_disposed.Token))
        {
            try
            {
                await _connection.PublishAsync(_subject, _server, cancellationToken: _disposed.Token);
            }
            catch (Exception) when (!_disposed.IsCancellationRequested)
            {
                // This server is cut off. It and the others notice because the heartbeats stop.
            }
        }
    }

    /// <remarks>Not in the loop that sends heartbeats: a slow log must not delay a heartbeat.</remarks>
    private async Task RemoveAbsentAsync()
    {
        using var timer = new PeriodicTimer(PresenceTracker.HeartbeatInterval);
        while (await timer.WaitForNextTickAsync(_disposed.Token))
        {
            foreach (string name in _tracker.GetAbsent())
            {
                await _leave(name);
            }
        }
    }
}
