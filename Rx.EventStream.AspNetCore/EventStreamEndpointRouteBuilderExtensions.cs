using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Rx;
using Rx.AspNetCore;
using Rx.AspNetCore.ServerSentEvents;
using Rx.Diagnostics;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps streams to endpoints that serve them as server-sent events.</summary>
/// <remarks>
/// A response has one event for each event of the stream: its JSON as <c>data</c>, and an <c>id</c> from its sequence number. A client that
/// sends the last id that it saw, in the header <c>Last-Event-ID</c> or as the query parameter <c>lastEventId</c>, resumes after it, without gap or
/// repetition, if the stream retains what follows. If it does not, or the id is of another run of the program, the client gets an event
/// <c>reset</c> that says why, and starts as a new client does.
/// <para>The response ends when the stream ends, when the application stops, and where the lag policy says so. Every client has a reader of its
/// own, which is freed when the client disconnects.</para>
/// </remarks>
public static class EventStreamEndpointRouteBuilderExtensions
{
    /// <summary>Maps a stream of the container.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="endpoints">The application, or a group of its routes.</param>
    /// <param name="pattern">The route, such as <c>/ticks</c>.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <returns>The endpoint's conventions, such as <c>RequireAuthorization</c> and <c>RequireCors</c>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="endpoints"/> or <paramref name="pattern"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The container has no such stream, or the application's JSON options cannot write
    /// <typeparamref name="T"/>.</exception>
    public static IEndpointConventionBuilder MapEventStream<T>(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, EventStreamEndpointOptions<T>? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        options ??= new();
        EventStream<T> stream = Find<T>(endpoints.ServiceProvider, options.ServiceKey);
        return Map(endpoints, pattern, new StreamOrigin<T>(stream, options.Start, options.LagPolicy, pattern), options);
    }

    /// <summary>Maps a stream.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="endpoints">The application, or a group of its routes.</param>
    /// <param name="pattern">The route, such as <c>/ticks</c>.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <returns>The endpoint's conventions, such as <c>RequireAuthorization</c> and <c>RequireCors</c>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="endpoints"/>, <paramref name="pattern"/> or <paramref name="stream"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException">The options have a <see cref="EventStreamEndpointOptions{T}.ServiceKey"/>.</exception>
    /// <exception cref="InvalidOperationException">The application's JSON options cannot write <typeparamref name="T"/>.</exception>
    public static IEndpointConventionBuilder MapEventStream<T>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        EventStream<T> stream,
        EventStreamEndpointOptions<T>? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new();
        ThrowIfKeyed(options);
        return Map(endpoints, pattern, new StreamOrigin<T>(stream, options.Start, options.LagPolicy, pattern), options);
    }

    /// <summary>Maps a stream, of which new clients get a snapshot first: an event <c>snapshot</c> with the state of a projection, and then
    /// exactly the events that are not in the state.</summary>
    /// <typeparam name="TState">The type of the projection's state.</typeparam>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="endpoints">The application, or a group of its routes.</param>
    /// <param name="pattern">The route, such as <c>/stock</c>.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="projection">A projection of this stream.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="snapshot">The options of the snapshot, or null for the defaults.</param>
    /// <returns>The endpoint's conventions, such as <c>RequireAuthorization</c> and <c>RequireCors</c>.</returns>
    /// <remarks>A client whose id cannot be resumed gets a snapshot too, and so does one that has lost events because it was too slow.</remarks>
    /// <exception cref="ArgumentNullException">An argument is null that must not be.</exception>
    /// <exception cref="ArgumentException">The projection is of another stream; or the options have a
    /// <see cref="EventStreamEndpointOptions{T}.ServiceKey"/>, a <see cref="EventStreamEndpointOptions{T}.Start"/>,
    /// <see cref="LagPolicy.Latest"/>, or a filter for the events and none for the snapshot.</exception>
    /// <exception cref="InvalidOperationException">The application's JSON options cannot write <typeparamref name="T"/> or
    /// <typeparamref name="TState"/>.</exception>
    public static IEndpointConventionBuilder MapEventStream<TState, T>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        EventStream<T> stream,
        EventProjection<TState, T> projection,
        EventStreamEndpointOptions<T>? options = null,
        EventStreamSnapshotOptions<TState>? snapshot = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(projection);
        options ??= new();
        snapshot ??= new();
        ThrowIfKeyed(options);
        if (options.HasStart)
        {
            throw new ArgumentException("An endpoint with a projection starts with a snapshot: Start must not be set.", nameof(options));
        }

        if (options.LagPolicy == LagPolicy.Latest)
        {
            throw new ArgumentException(
                "With LagPolicy.Latest, a client would lose the events between the snapshot and the newest one. Use LagPolicy.DropOldest: a client " +
                "that lags gets a new snapshot.",
                nameof(options));
        }

        if (options.Filter is not null && snapshot.Filter is null)
        {
            throw new ArgumentException(
                "The options have a Filter, but the snapshot has none: it would show a client what the filter keeps from it. Set the snapshot's Filter; " +
                "(_, state) => state gives every client the whole state.",
                nameof(snapshot));
        }

        var json = JsonTypes.Find(endpoints.ServiceProvider, snapshot.Json);
        var origin = new SnapshotOrigin<TState, T>(stream, projection, snapshot.Filter, json, options.LagPolicy, pattern);
        return Map(endpoints, pattern, origin, options);
    }

    private static IEndpointConventionBuilder Map<T>(
        IEndpointRouteBuilder endpoints, string pattern, Origin<T> origin, EventStreamEndpointOptions<T> options)
    {
        var endpoint = new EventStreamEndpoint<T>(origin, options, endpoints.ServiceProvider);
        return endpoints.MapGet(pattern, endpoint.InvokeAsync)
            .WithDisplayName($"HTTP: GET {pattern} (event stream)")
            .WithMetadata(new DisableRequestTimeoutAttribute()); // a response lasts as long as its stream
    }

    private static EventStream<T> Find<T>(IServiceProvider services, object? key) =>
        (key is null ? services.GetService<EventStream<T>>() : services.GetKeyedService<EventStream<T>>(key))
        ?? throw new InvalidOperationException(
            $"The container has no EventStream<{TypeName.Of(typeof(T))}>{(key is null ? "" : $" with the key '{key}'")}. Register it as a singleton, " +
            "or pass the stream to MapEventStream.");

    private static void ThrowIfKeyed<T>(EventStreamEndpointOptions<T> options)
    {
        if (options.ServiceKey is not null)
        {
            throw new ArgumentException("ServiceKey is for a stream of the container, but the stream was passed to MapEventStream.", nameof(options));
        }
    }
}
