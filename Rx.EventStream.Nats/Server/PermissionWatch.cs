using System.Collections.Concurrent;
using System.Diagnostics;
using NATS.Client.Core;

namespace Rx.Nats.Server;

/// <summary>Remembers what the server has refused on a connection.</summary>
/// <remarks>
/// The server reports a missing permission as an error of the connection. The request itself only gets no answer.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class PermissionWatch : IDisposable
{
    private readonly INatsConnection _connection;
    private readonly int _kept;

    /// <summary>The newest refusals in the server's words, each with the time it came. The connection adds to it; a caller whose request got no answer searches it.</summary>
    private readonly ConcurrentQueue<(long Time, string Text)> _refusals = new();

    /// <param name="connection">The connection.</param>
    /// <param name="kept">The number of refusals to keep: at least as many as can come before a caller searches them.</param>
    internal PermissionWatch(INatsConnection connection, int kept)
    {
        _connection = connection;
        _kept = kept;
        _connection.ServerError += OnServerError;
    }

    public void Dispose() => _connection.ServerError -= OnServerError;

    /// <summary>The server's refusal to accept a message for a subject since a <see cref="Stopwatch"/> timestamp, or null.</summary>
    internal string? FindSendRefusal(string subject, long since) => Find($"Publish to \"{subject}\"", since);

    /// <summary>The server's refusal to deliver answers since a <see cref="Stopwatch"/> timestamp, or null.</summary>
    internal string? FindAnswerRefusal(long since) => Find($"Subscription to \"{_connection.Opts.InboxPrefix}.", since);

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
