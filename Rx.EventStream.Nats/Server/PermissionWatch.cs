using System.Collections.Concurrent;
using System.Diagnostics;
using NATS.Client.Core;

namespace Rx.Nats.Server;

/// <summary>What the server has forbidden on a connection. It says so on the side, while the request itself just gets no answer.</summary>
internal sealed class PermissionWatch : IDisposable
{
    private readonly INatsConnection _connection;
    private readonly int _kept;

    /// <summary>The newest refusals, as the server words them, with when they came. Enqueued by the connection, read by whoever got no answer.</summary>
    private readonly ConcurrentQueue<(long Time, string Text)> _refusals = new();

    /// <param name="connection">The connection.</param>
    /// <param name="kept">How many refusals to keep: as many as there may be before somebody asks.</param>
    internal PermissionWatch(INatsConnection connection, int kept)
    {
        _connection = connection;
        _kept = kept;
        _connection.ServerError += OnServerError;
    }

    public void Dispose() => _connection.ServerError -= OnServerError;

    /// <summary>What the server has said against sending to a subject since a time of <see cref="Stopwatch"/>, or null.</summary>
    internal string? AgainstSending(string subject, long since) => Find($"Publish to \"{subject}\"", since);

    /// <summary>What the server has said against receiving answers since a time of <see cref="Stopwatch"/>, or null.</summary>
    internal string? AgainstAnswers(long since) => Find($"Subscription to \"{_connection.Opts.InboxPrefix}.", since);

    private string? Find(string words, long since) =>
        _refusals.FirstOrDefault(r => r.Time >= since && r.Text.Contains(words, StringComparison.Ordinal)).Text;

    private ValueTask OnServerError(object? sender, NatsServerErrorEventArgs args)
    {
        if (args.Kind is NatsServerErrorKind.PermissionsViolation)
        {
            _refusals.Enqueue((Stopwatch.GetTimestamp(), args.Error));
            while (_refusals.Count > _kept)
            {
                _refusals.TryDequeue(out _);
            }
        }

        return default;
    }
}
