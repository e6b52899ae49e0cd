using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;
using Rx.Hosting.Diagnostics;

namespace Rx.Hosting.Running;

/// <summary>A stream for events of a type.</summary>
/// <remarks>The container makes it with the stream, so that handlers get what is published before the host starts them.</remarks>
internal sealed class HostedStream<T> : HostedStream, IDisposable
{
    private readonly IServiceProvider _services;
    private readonly HandlerRegistration<T>[] _registrations;

    /// <summary>Before the first event, until the handlers are subscribed. Null without handlers.</summary>
    private EventPosition<T>? _start;

    private HostedStream(IServiceProvider services, string? key, EventStreamOptions options)
        : base(HostLog.For(services, options.Name!))
    {
        _services = services;
        _registrations =
            [.. services.GetServices<HandlerRegistration>().OfType<HandlerRegistration<T>>().Where(registration => registration.Key == key)];
        Key = key;
        Stream = new EventStream<T>(options);
        Watch = new SubscriptionWatch(() => Stream.Subscriptions, Log, services.GetService<TimeProvider>() ?? TimeProvider.System);
        _start = _registrations.Length > 0 ? Stream.GetNextPosition() : null;
    }

    internal EventStream<T> Stream { get; }

    internal override Type EventType => typeof(T);

    internal override string? Key { get; }

    internal override SubscriptionWatch Watch { get; }

    internal override long NextSequence => Stream.NextSequence;

    /// <summary>The name under which the stream's settings are configured.</summary>
    internal static string OptionsName(string? key) => key is null ? $"{typeof(T)}" : $"{typeof(T)} {key}";

    internal static HostedStream<T> Create(IServiceProvider services, string? key)
    {
        EventStreamSettings settings = services.GetRequiredService<IOptionsMonitor<EventStreamSettings>>().Get(OptionsName(key));
        return new HostedStream<T>(services, key, settings.ToOptions(key ?? TypeName.Of(typeof(T)), services.GetService<TimeProvider>()));
    }

    internal override void Start()
    {
        if (_start is not { } start)
        {
            return;
        }

        using (start)
        {
            EventObservable<T> events = start.AsObservable();
            Handlers = [.. _registrations.Select(registration => Run(registration.Subscribe(events, _services, Log)))];
        }

        _start = null;
    }

    internal override void Complete()
    {
        if (!Stream.IsDisposed)
        {
            Stream.OnCompleted();
        }
    }

    public void Dispose() => Stream.Dispose();

    private HostedHandler Run(EventSubscription subscription)
    {
        Watch.Look(); // from now on it knows the subscription, and reports its end
        return new HostedHandler(subscription, WatchEndAsync());

        async Task WatchEndAsync()
        {
            await subscription.WhenEndedAsync().ConfigureAwait(false);
            Watch.Look();
        }
    }
}
