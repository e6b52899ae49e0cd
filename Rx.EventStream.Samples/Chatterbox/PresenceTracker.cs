namespace Rx.Samples.Chatterbox;

/// <summary>Finds the members of a shared room that are no longer connected to any of its servers.</summary>
/// <remarks>
/// A member is absent if its server has sent no heartbeat for some time. Another server is judged by the heartbeats up to this server's own
/// last heartbeat: after that, this server may be cut off, and then all servers seem silent.
/// <para>Thread-safe. Times can come from any monotonic clock.</para>
/// </remarks>
/// <param name="server">The name of this server.</param>
internal sealed class PresenceTracker(string server)
{
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long a member counts as present without a heartbeat of its server.</summary>
    private static readonly TimeSpan _timeout = 5 * HeartbeatInterval;

    /// <summary>A server that has received none of its own heartbeats for this long was cut off. It then waits for the whole timeout
    /// before it judges, so that the heartbeats of the other servers can reach it again.</summary>
    private static readonly TimeSpan _maxOwnGap = 2.5 * HeartbeatInterval;

    /// <summary>Guards the collections and <see cref="_connectedSince"/>.</summary>
    private readonly Lock _lock = new();

    /// <summary>The members according to the log: the server of each, and when its event was read.</summary>
    private readonly Dictionary<string, (string Server, TimeSpan Since)> _members = [];

    /// <summary>The clients that are connected to this server.</summary>
    private readonly HashSet<string> _local = [];

    /// <summary>The time of each server's last heartbeat.</summary>
    private readonly Dictionary<string, TimeSpan> _lastHeartbeats = [];

    /// <summary>The start of the time in which this server has received its own heartbeats without a gap.</summary>
    private TimeSpan _connectedSince;

    /// <summary>Adds a client of this server.</summary>
    public void Add(string name)
    {
        lock (_lock)
        {
            _local.Add(name);
        }
    }

    /// <summary>Removes a client of this server.</summary>
    public void Remove(string name)
    {
        lock (_lock)
        {
            _local.Remove(name);
        }
    }

    /// <summary>Takes an event that was read from the log.</summary>
    public void OnEvent(Event roomEvent, string at, TimeSpan now)
    {
        lock (_lock)
        {
            if (roomEvent.What == What.Join)
            {
                _members[roomEvent.Who] = (at, now);
            }
            else if (roomEvent.What == What.Leave)
            {
                _members.Remove(roomEvent.Who);
            }
        }
    }

    /// <summary>Takes a heartbeat of this server or of another one.</summary>
    public void OnHeartbeat(string from, TimeSpan now)
    {
        lock (_lock)
        {
            if (from == server && !(_lastHeartbeats.TryGetValue(server, out TimeSpan last) && now - last < _maxOwnGap))
            {
                _connectedSince = now;
            }

            _lastHeartbeats[from] = now;
        }
    }

    /// <summary>The members that are connected to none of the servers.</summary>
    public string[] GetAbsent()
    {
        lock (_lock)
        {
            return _lastHeartbeats.TryGetValue(server, out TimeSpan own) && own - _connectedSince >= _timeout
                ? [.. _members.Where(m => own - m.Value.Since >= _timeout && IsAbsent(m.Key, m.Value.Server)).Select(m => m.Key)]
                : [];

            bool IsAbsent(string name, string at) =>
                at == server ? !_local.Contains(name) : !(_lastHeartbeats.TryGetValue(at, out TimeSpan last) && own - last < _timeout);
        }
    }
}
