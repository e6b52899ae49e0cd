using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;
using Rx.Nats.Hosting.Diagnostics;

namespace Rx.Nats.Hosting.Running;

/// <summary>A stream for events of a type.</summary>
/// <remarks><b>Concurrency.</b> Any thread; one lock for the task that opens the stream.</remarks>
internal sealed class HostedNatsStream<T> : HostedNatsStream, IAsyncDisposable
{
    private readonly IServiceProvider _services;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly INatsConnection _connection;
    private readonly Lock _lock = new();

    /// <summary>The last attempt to open the stream, or null. Under the lock.</summary>
    private Task<NatsEventStream<T>>? _opening;

    private HostedNatsStream(IServiceProvider services, INatsConnection connection, NatsEventStreamOptions<T> options)
    {
        _services = services;
        _options = options;
        _connection = connection;
    }

    internal override Type EventType => typeof(T);

    internal override string Name => _options.Stream;

    internal static HostedNatsStream<T> Create(IServiceProvider services, Func<IServiceProvider, NatsEventStreamOptions<T>> options) =>
        new(services, HostedConnection.Of(services), options(services));

    /// <summary>Opens the stream, unless it is open, and blocks the thread until it is: a constructor cannot wait in another way.</summary>
    /// <remarks>It is opened on the thread pool. So nothing that opening needs waits for this thread, or for its synchronization context.</remarks>
    internal NatsEventStream<T> OpenBlocking() => OpenAsync().GetAwaiter().GetResult();

    internal override async Task OpenAsync(CancellationToken cancellationToken)
    {
        await OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        LastAtStart = await FindLastSequenceAsync(cancellationToken).ConfigureAwait(false);
    }

    internal override void CreateHandlers()
    {
        NatsHostLog log = NatsHostLog.For(_services, Name);
        Handlers = [.. _services.GetServices<NatsHandlerRegistration>().OfType<NatsHandlerRegistration<T>>()
            .Select(registration => registration.Create(_services, log))];
    }

    internal override void StartHandlers()
    {
        NatsEventStream<T> stream = OpenBlocking(); // it is open
        foreach (HostedNatsHandler<T> handler in Handlers.Cast<HostedNatsHandler<T>>())
        {
            handler.Start(stream);
        }
    }

    internal override async Task<long> FindLastSequenceAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_connection.Opts.RequestTimeout);
        try
        {
            NatsEventStream<T> stream = await OpenAsync().WaitAsync(limit.Token).ConfigureAwait(false);
            return await stream.FindEndAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {_connection.Opts.RequestTimeout}.");
        }
    }

    /// <summary>Disposes the stream, also one that no service has asked for.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<NatsEventStream<T>>? opening;
        lock (_lock)
        {
            opening = _opening;
        }

        if (opening is not null)
        {
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully)
            {
                NatsEventStream<T> stream = await opening.ConfigureAwait(false);
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Opens the stream, unless it is open or about to be. After a failure, a later call tries again.</summary>
    private Task<NatsEventStream<T>> OpenAsync()
    {
        lock (_lock)
        {
            return _opening is { IsFaulted: false } opening
                ? opening
                : _opening = Task.Run(() => NatsEventStream<T>.OpenAsync(_connection, _options), CancellationToken.None);
        }
    }
}
