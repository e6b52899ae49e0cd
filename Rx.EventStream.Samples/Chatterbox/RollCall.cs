namespace Rx.Samples.Chatterbox;

/// <summary>Who of those in a shared room is at none of its servers.</summary>
/// <remarks>
/// Whoever came in at a server that has been silent is gone. A server is judged by what was heard up to the last time that the judge
/// heard itself: since then it may be cut off, and then everyone is silent.
/// <para>Thread-safe. Times are those of any clock that only goes forward.</para>
/// </remarks>
/// <param name="server">The server that judges.</param>
internal sealed class RollCall(string server)
{
    /// <summary>How often a server is to be heard.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>How long to believe in somebody whom nobody vouches for.</summary>
    private static readonly TimeSpan _benefit = 5 * Beat;

    /// <summary>A server that has not heard itself for so long was cut off. It listens anew before it judges: the others, too, have to be heard again.</summary>
    private static readonly TimeSpan _break = 2.5 * Beat;

    /// <summary>Taken for each use of the collections and of <see cref="_listeningSince"/>.</summary>
    private readonly Lock _lock = new();

    /// <summary>Who is in the room, as the log says: at which server, and when that was read.</summary>
    private readonly Dictionary<string, (string Server, TimeSpan Since)> _members = [];

    /// <summary>Who is at this server, as its calls say.</summary>
    private readonly HashSet<string> _here = [];

    /// <summary>When each server was last heard.</summary>
    private readonly Dictionary<string, TimeSpan> _heard = [];

    /// <summary>Since when this server hears what is said.</summary>
    private TimeSpan _listeningSince;

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
    public void See(Event happened, string at, TimeSpan now)
    {
        lock (_lock)
        {
            if (happened.What == What.Join)
            {
                _members[happened.Who] = (at, now);
            }
            else if (happened.What == What.Leave)
            {
                _members.Remove(happened.Who);
            }
        }
    }

    /// <summary>A server, this one or another, was heard.</summary>
    public void Hear(string heard, TimeSpan now)
    {
        lock (_lock)
        {
            if (heard == server && !(_heard.TryGetValue(server, out TimeSpan last) && now - last < _break))
            {
                _listeningSince = now;
            }

            _heard[heard] = now;
        }
    }

    /// <summary>Who is in the room and at none of its servers.</summary>
    public string[] Absent()
    {
        lock (_lock)
        {
            return _heard.TryGetValue(server, out TimeSpan hearing) && hearing - _listeningSince >= _benefit
                ? [.. _members.Where(m => hearing - m.Value.Since >= _benefit && IsAbsent(m.Key, m.Value.Server)).Select(m => m.Key)]
                : [];

            bool IsAbsent(string name, string at) =>
                at == server ? !_here.Contains(name) : !(_heard.TryGetValue(at, out TimeSpan last) && hearing - last < _benefit);
        }
    }
}
