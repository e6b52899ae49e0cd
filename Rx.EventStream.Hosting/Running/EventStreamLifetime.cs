using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;

namespace Rx.Hosting.Running;

/// <summary>Starts and stops the handlers of all streams of the container, and looks for what its log reports.</summary>
/// <remarks>
/// The host calls <see cref="StartingAsync"/> before it starts any service, and <see cref="StoppedAsync"/> when all services have stopped. So
/// the services that publish, wherever they are registered, start after the handlers and stop before them.
/// </remarks>
internal sealed class EventStreamLifetime(IServiceProvider services) : IHostedLifecycleService, IDisposable
{
    /// <summary>How often the subscriptions are looked at: the log tells of dropped events at most this often.</summary>
    internal static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private IReadOnlyList<HostedStream> _streams = [];
    private PeriodicTimer? _looks;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _streams = [.. services.GetServices<HostedStream>()];
        ThrowIfWithoutStream(services.GetServices<HandlerRegistration>());
        foreach (HostedStream stream in _streams)
        {
            stream.Start();
        }

        if (_streams.Count > 0)
        {
            _looks = new PeriodicTimer(LookInterval, services.GetService<TimeProvider>() ?? TimeProvider.System);
            _ = LookAsync(_looks);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the streams when what they have is handled, or when the host's time is over.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CatchUpAsync(cancellationToken).ConfigureAwait(false);
            Complete();
            await Task.WhenAll(_streams.SelectMany(stream => stream.Handlers).Select(handler => handler.Ended))
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Complete();
        }

        Dispose();
        foreach (HostedStream stream in _streams)
        {
            Report(stream);
        }
    }

    public void Dispose() => _looks?.Dispose();

    /// <summary>Waits until the handlers have handled what is published, also what they publish to other streams.</summary>
    /// <remarks>After each round, the handlers of one more stream have nothing left: those of a stream to which only the streams of the
    /// rounds before it are published. So there are as many rounds as streams, and a service that publishes after its stop cannot delay the
    /// end without bound.</remarks>
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        for (int round = 0; round < _streams.Count; round++)
        {
            long published = CountPublished();
            await Task.WhenAll(_streams.SelectMany(stream => stream.Handlers).Select(handler => handler.Subscription.WhenCaughtUpAsync(cancellationToken)))
                .ConfigureAwait(false);
            if (CountPublished() == published)
            {
                return;
            }
        }
    }

    private long CountPublished() => _streams.Sum(stream => stream.NextSequence);

    private void Complete()
    {
        foreach (HostedStream stream in _streams)
        {
            try
            {
                stream.Complete();
            }
            catch (Exception error)
            {
                stream.Log.EndThrown(error); // an observer on this thread: the other streams end all the same
            }
        }
    }

    /// <summary>Tells what the handlers of a stream that has ended have not handled.</summary>
    private static void Report(HostedStream stream)
    {
        stream.Watch.Look();
        bool isHandled = true;
        foreach (HostedHandler handler in stream.Handlers)
        {
            long count = handler.Abandon(stream.NextSequence);
            if (count > 0)
            {
                isHandled = false;
                stream.Log.NotHandled(handler.Name, count, handler.Subscription.Sequence);
            }
        }

        if (isHandled)
        {
            stream.Log.Stopped(stream.NextSequence);
        }
    }

    private async Task LookAsync(PeriodicTimer looks)
    {
        while (await looks.WaitForNextTickAsync().ConfigureAwait(false))
        {
            foreach (HostedStream stream in _streams)
            {
                stream.Watch.Look();
            }
        }
    }

    private void ThrowIfWithoutStream(IEnumerable<HandlerRegistration> handlers)
    {
        foreach (HandlerRegistration handler in handlers)
        {
            if (!_streams.Any(stream => stream.EventType == handler.EventType && stream.Key == handler.Key))
            {
                string name = TypeName.Of(handler.EventType);
                throw new InvalidOperationException(
                    $"The handler {TypeName.Of(handler.HandlerType)} has no stream. Register it with " +
                    (handler.Key is null ? $"AddEventStream<{name}>()." : $"AddKeyedEventStream<{name}>(\"{handler.Key}\")."));
            }
        }
    }
}
