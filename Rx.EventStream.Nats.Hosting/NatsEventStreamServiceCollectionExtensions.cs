using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Rx;
using Rx.Diagnostics;
using Rx.Hosting;
using Rx.Hosting.Configuration;
using Rx.Nats;
using Rx.Nats.Handling;
using Rx.Nats.Hosting.Running;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Streams on NATS JetStream and their handlers as services.</summary>
public static class NatsEventStreamServiceCollectionExtensions
{
    /// <summary>Adds one <see cref="NatsEventStream{T}"/> for the container, and its <see cref="NatsEventStream{T}.Events"/> as
    /// <see cref="IObservable{T}"/> of <see cref="Sequenced{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="options">The stream's options.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// The stream uses the container's <c>INatsConnection</c>, which the application registers: with <c>AddNatsClient</c> of the package
    /// <c>NATS.Extensions.Microsoft.DependencyInjection</c>, for example.
    /// <para>The stream is opened once: when the host starts, before it starts any service. If a constructor asks for the stream earlier, as that of a
    /// hosted service does, the stream is opened then, and the thread that creates the service is blocked until the server has answered. If the server
    /// cannot be reached, or does not have the stream, the host does not start: it throws a <see cref="NatsEventStreamException"/>.</para>
    /// <para>The container disposes the stream, when the host is disposed: services and handlers can publish until they have stopped. Like the connection,
    /// the stream can be disposed only asynchronously; a host does so in any case.</para>
    /// <para><b>Concurrency.</b> As for other registrations: one thread configures the services.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="InvalidOperationException">A stream of this type was added before.</exception>
    public static IServiceCollection AddNatsEventStream<T>(this IServiceCollection services, NatsEventStreamOptions<T> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services.AddNatsEventStream(_ => options);
    }

    /// <summary>Adds one <see cref="NatsEventStream{T}"/> for the container, with options that need other services, such as the configuration.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="options">Creates the stream's options. It is called once for each attempt to create the stream.</param>
    /// <returns>The services.</returns>
    /// <remarks>See <see cref="AddNatsEventStream{T}(IServiceCollection, NatsEventStreamOptions{T})"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="InvalidOperationException">A stream of this type was added before.</exception>
    public static IServiceCollection AddNatsEventStream<T>(
        this IServiceCollection services, Func<IServiceProvider, NatsEventStreamOptions<T>> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        if (services.Any(service => service.ServiceType == typeof(HostedNatsStream<T>)))
        {
            throw new InvalidOperationException(
                $"A NatsEventStream<{TypeName.Of(typeof(T))}> was already added. For two streams, use two types of events.");
        }

        services.AddSingleton(provider => HostedNatsStream<T>.Create(provider, options));
        services.AddSingleton<HostedNatsStream>(provider => provider.GetRequiredService<HostedNatsStream<T>>());
        services.AddSingleton(provider => provider.GetRequiredService<HostedNatsStream<T>>().OpenBlocking());
        services.AddSingleton<IObservable<Sequenced<T>>>(provider => provider.GetRequiredService<NatsEventStream<T>>().Events);
        return AddLifetime(services);
    }

    /// <summary>Adds a handler for each event of the container's <see cref="NatsEventStream{T}"/>, with its checkpoint in a key-value bucket of the
    /// server.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The handler's name, which is also the name of its checkpoint. Letters, digits, <c>-</c> and <c>_</c> only.</param>
    /// <returns>The services.</returns>
    /// <remarks>The checkpoint is kept by a <see cref="NatsCheckpointStore"/> on the container's connection. All else is as the defaults of
    /// <see cref="NatsHandlerOptions{T}"/> say. See
    /// <see cref="AddNatsEventHandler{T, THandler}(IServiceCollection, NatsHandlerOptions{T})"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or contains another character.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddNatsEventHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, string name)
        where THandler : class, IEventHandler<NatsEvent<T>>
    {
        Names.ThrowIfInvalid(name, nameof(name));
        return services.AddNatsEventHandler<T, THandler>(
            provider => new NatsHandlerOptions<T> { Name = name, Checkpoints = new NatsCheckpointStore(HostedConnection.Of(provider)) });
    }

    /// <summary>Adds a handler for each event of the container's <see cref="NatsEventStream{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="options">The handler's name, where its checkpoint is kept, and how it is called.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// The handler is resolved in a scope of its own for each event, and the scope is disposed after the call. The host starts the handlers when all services
    /// have started, and stops them before it stops any service: events wait on the server, and handlers can use all services.
    /// <para>When the host stops, no further call begins. The calls that run have the time of <c>HostOptions.ShutdownTimeout</c>. Then their tokens are
    /// canceled, and 5 seconds later they are abandoned. The checkpoint is saved at the end, so a restart continues with the first event that is not
    /// handled.</para>
    /// <para>If a handler ends with an exception, that is logged as critical, and the health check fails; the host goes on. Faults that
    /// <see cref="NatsHandlerOptions{T}.ReportFault"/> or <see cref="NatsHandlerOptions{T}.DeadLetterSubject"/> takes are logged as errors.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddNatsEventHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, NatsHandlerOptions<T> options)
        where THandler : class, IEventHandler<NatsEvent<T>>
    {
        ArgumentNullException.ThrowIfNull(options);
        return services.AddNatsEventHandler<T, THandler>(_ => options);
    }

    /// <summary>Adds a handler for each event of the container's <see cref="NatsEventStream{T}"/>, with options that need other services, such as a
    /// database.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="THandler">The handler. It is a scoped service, unless the application registers it with another lifetime.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="options">Creates the handler's options. It is called once, when the host starts, before the host starts any service.</param>
    /// <returns>The services.</returns>
    /// <remarks>See <see cref="AddNatsEventHandler{T, THandler}(IServiceCollection, NatsHandlerOptions{T})"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The handler was added to the stream before.</exception>
    public static IServiceCollection AddNatsEventHandler<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services, Func<IServiceProvider, NatsHandlerOptions<T>> options)
        where THandler : class, IEventHandler<NatsEvent<T>>
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        var registration = new ScopedNatsHandler<T, THandler>(options);
        if (services.Any(service => !service.IsKeyedService && service.ImplementationInstance is NatsHandlerRegistration other && other.IsLike(registration)))
        {
            throw new InvalidOperationException(
                $"The handler {TypeName.Of(typeof(THandler))} was already added to the NatsEventStream<{TypeName.Of(typeof(T))}>. " +
                "It would handle each event twice.");
        }

        services.TryAddScoped<THandler>();
        services.AddSingleton<NatsHandlerRegistration>(registration);
        return AddLifetime(services);
    }

    private static IServiceCollection AddLifetime(IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, NatsEventStreamLifetime>());
        return services;
    }
}
