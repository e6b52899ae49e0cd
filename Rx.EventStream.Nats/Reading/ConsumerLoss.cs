using NATS.Client.Core;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>Whether a consumer is lost. Its messages end when it is.</summary>
/// <remarks>
/// It moves through three states, in this order, and can skip the second:
/// <list type="bullet">
/// <item><b>Held</b>: the consumer can be read.</item>
/// <item><b>Lost</b>, after <see cref="DeclareAsync"/> or the end of the lifetime: <see cref="Token"/> is canceled.</item>
/// <item><b>Released</b>, after <see cref="Dispose"/>: nothing is observed any more, and declaring does nothing.</item>
/// </list>
/// A consumer is lost with its connection, even if the connection comes back at once: the server counts what it sent into the dead connection as
/// delivered, and does not send it again. It is also lost when the server refuses to let it be read, because the request for messages then gets no answer.
/// <para><b>Concurrency.</b> Any thread can declare the loss: the connection, the client's pull loop, the owner. Only the owner disposes.</para>
/// </remarks>
internal sealed class ConsumerLoss : IDisposable
{
    private readonly StreamApi _api;
    private readonly string _pullSubject;

    /// <summary>The state: the source moves from Held to Lost to Released, each at most once, whatever thread asks for it.</summary>
    private readonly CancellationTokenSource _lost;

    internal ConsumerLoss(StreamApi api, string consumer, CancellationToken lifetime)
    {
        _api = api;
        _pullSubject = api.PullSubject(consumer);
        _lost = CancellationTokenSource.CreateLinkedTokenSource(lifetime);
        Token = _lost.Token;
        api.Connection.ConnectionDisconnected += OnDisconnected;
        api.Connection.ServerError += OnServerError;
    }

    /// <summary>Canceled when the consumer is lost.</summary>
    internal CancellationToken Token { get; }

    /// <summary>Held → Lost. In the other states it does nothing.</summary>
    internal async Task DeclareAsync()
    {
        try
        {
            await _lost.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The connection reported the loss while the owner released the consumer.
        }
    }

    /// <summary>Held or Lost → Released.</summary>
    public void Dispose()
    {
        _api.Connection.ConnectionDisconnected -= OnDisconnected;
        _api.Connection.ServerError -= OnServerError;
        _lost.Dispose();
    }

    private async ValueTask OnDisconnected(object? sender, NatsEventArgs args) => await DeclareAsync().ConfigureAwait(false);

    private async ValueTask OnServerError(object? sender, NatsServerErrorEventArgs args)
    {
        if (args.Kind is NatsServerErrorKind.PermissionsViolation && args.Error.Contains(_pullSubject, StringComparison.Ordinal))
        {
            await DeclareAsync().ConfigureAwait(false);
        }
    }
}
