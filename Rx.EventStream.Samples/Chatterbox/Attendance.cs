using System.Diagnostics;
using NATS.Client.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>Sees to it that who is in a shared room really is at one of its servers: a server that is killed cannot say who leaves with it.</summary>
/// <remarks>Each server tells the others all the time that it is there, past the log. Who came in at one that is silent is gone. A server
/// that does not hear itself is cut off, and judges nobody.</remarks>
internal sealed class Attendance : IAsyncDisposable
{
    private static readonly TimeSpan _beat = TimeSpan.FromSeconds(1);

    /// <summary>How long to believe in somebody whom nobody vouches for.</summary>
    private static readonly TimeSpan _benefit = TimeSpan.FromSeconds(5);

    private readonly string _server;
    private readonly NatsConnection _connection;
    private readonly string _subject;
    private readonly Func<string, ValueTask> _leave;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _watching;

    /// <summary>Taken for each use of the collections and of <see cref="_listeningSince"/>.</summary>
    private readonly Lock _lock = new();

    /// <summary>Who is in the room, as the log says: at which server, and when that was read.</summary>
    private readonly Dictionary<string, (string Server, long Since)> _members = [];

    /// <summary>Who is at this server, as its calls say.</summary>
    private readonly HashSet<string> _here = [];

    /// <summary>When each server was last heard.</summary>
    private readonly Dictionary<string, long> _heard = [];

    /// <summary>Since when this server hears what is said.</summary>
    private long _listeningSince;

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
        _watching = Task.WhenAll(Task.Run(ListenAsync), Task.Run(BeatAsync), Task.Run(WatchAsync));
    }

    /// <summary>Somebody is at this server.</summary>
    public void Add(string name)
    {
        lock (_lock)
        {
            _here.Add(name);
        }
    }

    /// <summary>Somebody is at this server no more.</summary>
    public void Remove(string name)
    {
        lock (_lock)
        {
            _here.Remove(name);
        }
    }

    /// <summary>Something was read from the log.</summary>
    public void See(Event happened, string server)
    {
        lock (_lock)
        {
            if (happened.What == What.Join)
            {
                _members[happened.Who] = (server, Stopwatch.GetTimestamp());
            }
            else if (happened.What == What.Leave)
            {
                _members.Remove(happened.Who);
            }
        }
    }

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
            lock (_lock)
            {
                long now = Stopwatch.GetTimestamp();
                string server = beat.Data ?? "";
                if (server == _server && !IsRecent(_heard.GetValueOrDefault(_server), now))
                {
                    _listeningSince = now;
                }

                _heard[server] = now;
            }
        }
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(_beat);
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
        using var timer = new PeriodicTimer(_beat);
        while (await timer.WaitForNextTickAsync(_disposed.Token))
        {
            foreach (string name in Absent())
            {
                await _leave(name);
            }
        }
    }

    private string[] Absent()
    {
        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            return IsRecent(_heard.GetValueOrDefault(_server), now) && !IsRecent(_listeningSince, now)
                ? [.. _members.Where(m => IsAbsent(m.Key, m.Value.Server) && !IsRecent(m.Value.Since, now)).Select(m => m.Key)]
                : [];

            bool IsAbsent(string name, string server) =>
                server == _server ? !_here.Contains(name) : !IsRecent(_heard.GetValueOrDefault(server), now);
        }
    }

    private static bool IsRecent(long time, long now) => time != 0 && Stopwatch.GetElapsedTime(time, now) < _benefit;
}
