using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Rx;
using Rx.Diagnostics;
using Rx.Hosting;
using Rx.Hosting.Configuration;
using Rx.Hosting.Running;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Streams and their handlers as services.</summary>
public static class EventStreamServiceCollectionExtensions
{
    /// <summary>Adds one <see cref="EventStream{T}"/> for the container, also as <see cref="IObservable{T}"/> and
    /// <see cref="IObserver{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, or null for the defaults; <see cref="EventStreamSettings.Read"/> reads them from the
    /// configuration.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// Further calls for the same type add to the options of the same stream. The host checks the options when it starts. When it stops, and
    /// all services have stopped, it waits until the handlers have handled what is published, and completes the stream. The container
    /// disposes the stream. The <see cref="IObservable{T}"/> gives no way to publish.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddEventStream<T>(this IServiceCollection services, Action<EventStreamSettings>? configure = null) =>
        Add<T>(services, key: null, configure);

    /// <summary>Adds one <see cref="EventStream{T}"/> for the container under a key, also as <see cref="IObservable{T}"/> and
    /// <see cref="IObserver{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key, which is also the stream's name unless the options have another.</param>
    /// <param name="configure">Sets the options, or null for the defaults.</param>
    /// <returns>The services.</returns>
    /// <remarks>See <see cref="AddEventStream{T}"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="serviceKey"/> is null.</exception>
    public static IServiceCollection AddKeyedEventStream<T>(
        this IServiceCollection services, string serviceKey, Action<EventStreamSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        return Add<T>(services, serviceKey, configure);
    }

    /// <summary>Adds a handler for each event of the container's <see cref="EventStream{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="options">How the handler is called; null for one call at a time.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// The handler is resolved in a scope of its own for each event, and the scope is disposed after the call. The host starts the handlers
    /// before all services, so they get each event, also those that were published before: the stream keeps these until the host starts. The
    /// host stops the handlers after all services: they handle what is published until <c>HostOptions.ShutdownTimeout</c> is over. What they have not
    /// handled then is logged, with the number of events and the first sequence number. Handlers may publish to other streams; the streams
    /// complete when all handlers have caught up.
    /// <para>What a handler throws is logged, and the next event follows; see <see cref="EventHandlerOptions{T}.FaultPolicy"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddEventHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, EventHandlerOptions<T>? options = null)
        where THandler : class, IEventHandler<T> =>
        AddRegistration<THandler>(services, new ScopedHandler<T, THandler>(key: null, options ?? new EventHandlerOptions<T>()));

    /// <summary>Adds a handler for each event of the <see cref="EventStream{T}"/> with a key.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key of the stream.</param>
    /// <param name="options">How the handler is called; null for one call at a time.</param>
    /// <returns>The services.</returns>
    /// <remarks>See <see cref="AddEventHandler{T, THandler}"/>. The handler itself has no key.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="serviceKey"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddKeyedEventHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string serviceKey, EventHandlerOptions<T>? options = null)
        where THandler : class, IEventHandler<T>
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        return AddRegistration<THandler>(services, new ScopedHandler<T, THandler>(serviceKey, options ?? new EventHandlerOptions<T>()));
    }

    /// <summary>Adds a handler for the events of the container's <see cref="EventStream{T}"/>, in batches.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="options">How the handler is called; null for batches of up to 100 events.</param>
    /// <returns>The services.</returns>
    /// <remarks>The handler is resolved in a scope of its own for each batch. Otherwise as <see cref="AddEventHandler{T, THandler}"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddEventBatchHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, EventBatchHandlerOptions<T>? options = null)
        where THandler : class, IEventBatchHandler<T> =>
        AddRegistration<THandler>(services, new ScopedBatchHandler<T, THandler>(key: null, options ?? new EventBatchHandlerOptions<T>()));

    /// <summary>Adds a handler for the events of the <see cref="EventStream{T}"/> with a key, in batches.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key of the stream.</param>
    /// <param name="options">How the handler is called; null for batches of up to 100 events.</param>
    /// <returns>The services.</returns>
    /// <remarks>See <see cref="AddEventBatchHandler{T, THandler}"/>. The handler itself has no key.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="serviceKey"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddKeyedEventBatchHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string serviceKey, EventBatchHandlerOptions<T>? options = null)
        where THandler : class, IEventBatchHandler<T>
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        return AddRegistration<THandler>(services, new ScopedBatchHandler<T, THandler>(serviceKey, options ?? new EventBatchHandlerOptions<T>()));
    }

    private static IServiceCollection Add<T>(IServiceCollection services, string? key, Action<EventStreamSettings>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        Options.OptionsBuilder<EventStreamSettings> options = services.AddOptions<EventStreamSettings>(HostedStream<T>.OptionsName(key));
        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (services.Any(service => service.ServiceType == typeof(HostedStream<T>) && Equals(service.ServiceKey, key)))
        {
            return services;
        }

        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<Options.IValidateOptions<EventStreamSettings>, SettingsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EventStreamLifetime>());

        // A null key is no key.
        services.AddKeyedSingleton(key, (provider, _) => HostedStream<T>.Create(provider, key));
        services.AddKeyedSingleton(key, (provider, _) => provider.GetRequiredKeyedService<HostedStream<T>>(key).Stream);
        services.AddKeyedSingleton<IObservable<T>>(key, (provider, _) => provider.GetRequiredKeyedService<EventStream<T>>(key).AsObservable());
        services.AddKeyedSingleton<IObserver<T>>(key, (provider, _) => provider.GetRequiredKeyedService<EventStream<T>>(key));
        services.AddSingleton<IEventStream>(provider => provider.GetRequiredKeyedService<EventStream<T>>(key)); // all streams, for a dashboard
        services.AddSingleton<HostedStream>(provider => provider.GetRequiredKeyedService<HostedStream<T>>(key));
        return services;
    }

    private static IServiceCollection AddRegistration<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        IServiceCollection services, HandlerRegistration registration)
        where THandler : class
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => !service.IsKeyedService && service.ImplementationInstance is HandlerRegistration other && other.IsLike(registration)))
        {
            throw new InvalidOperationException(
                $"The handler {TypeName.Of(registration.HandlerType)} was already added to this stream of {TypeName.Of(registration.EventType)}. " +
                "It would handle each event twice.");
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EventStreamLifetime>());
        services.TryAddScoped<THandler>();
        services.AddSingleton(registration);
        return services;
    }
}
