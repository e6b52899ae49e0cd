using System.Collections.Concurrent;
using NATS.Client.Core;

namespace Rx.Nats.Server;

/// <summary>What the server has forbidden on a connection. It says so on the side, while the request itself just gets no answer.</summary>
internal sealed class PermissionWatch : IDisposable
{
    private const int Kept = 64;

    private readonly INatsConnection _connection;

    /// <summary>The newest refusals, as the server words them. Enqueued by the connection, read by whoever got no answer.</summary>
    private readonly ConcurrentQueue<string> _refusals = new();

    internal PermissionWatch(INatsConnection connection)
    {
        _connection = connection;
        _connection.ServerError += OnServerError;
    }

    public void Dispose() => _connection.ServerError -= OnServerError;

    /// <summary>What the server has said against the use of a subject, or null.</summary>
    internal string? Against(string subject) =>
        _refusals.FirstOrDefault(refusal => refusal.Contains($"\"{subject}\"", StringComparison.Ordinal));

    private ValueTask OnServerError(object? sender, NatsServerErrorEventArgs args)
    {
        if (args.Kind is NatsServerErrorKind.PermissionsViolation)
        {
            _refusals.Enqueue(args.Error);
            while (_refusals.Count > Kept)
            {
                _refusals.TryDequeue(out _);
            }
        }

        return default;
    }
}
