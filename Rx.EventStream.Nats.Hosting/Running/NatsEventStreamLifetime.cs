using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;

namespace Rx.Nats.Hosting.Running;

/// <summary>Opens the streams of the container, and starts and stops their handlers.</summary>
/// <remarks>
/// Events wait on the server, so handlers need not start before the services that publish, as those of an <see cref="EventStream{T}"/> must. They start
/// when all services have started, and stop before any service stops, wherever they are registered: a handler may use what the services provide.
/// </remarks>
internal sealed class NatsEventStreamLifetime(IServiceProvider services) : IHostedLifecycleService
{
    private IReadOnlyList<HostedNatsStream> _streams = [];

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        _streams = [.. services.GetServices<HostedNatsStream>()];
        ThrowIfWithoutStream(services.GetServices<NatsHandlerRegistration>());
        foreach (HostedNatsStream stream in _streams)
        {
            stream.CreateHandlers();
        }

        ThrowIfNameIsUsedTwice();
        foreach (HostedNatsStream stream in _streams)
        {
            await stream.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (HostedNatsStream stream in _streams)
        {
            stream.StartHandlers();
        }

        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_streams.SelectMany(stream => stream.Handlers).Select(handler => handler.StopAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void ThrowIfWithoutStream(IEnumerable<NatsHandlerRegistration> handlers)
    {
        foreach (NatsHandlerRegistration handler in handlers)
        {
            if (!_streams.Any(stream => stream.EventType == handler.EventType))
            {
                throw new InvalidOperationException(
                    $"The handler {TypeName.Of(handler.HandlerType)} has no stream. Register it with AddNatsEventStream<{TypeName.Of(handler.EventType)}>.");
            }
        }
    }

    /// <summary>Two handlers with one checkpoint would take it from each other.</summary>
    private void ThrowIfNameIsUsedTwice()
    {
        IEnumerable<string> names = _streams.SelectMany(stream => stream.Handlers).Select(handler => handler.Name);
        if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { Key: var name })
        {
            throw new InvalidOperationException($"Two handlers have the name '{name}'. The name is that of the handler's checkpoint, so each handler needs its own.");
        }
    }
}
