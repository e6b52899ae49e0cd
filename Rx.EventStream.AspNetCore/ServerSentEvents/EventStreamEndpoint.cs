using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>An endpoint that serves a stream: decides where each client starts, and lets a <see cref="Client{T}"/> write its response.</summary>
/// <remarks><b>Concurrency.</b> Immutable; used by all connections.</remarks>
internal sealed class EventStreamEndpoint<T>
{
    internal const string EventStreamContentType = "text/event-stream";

    private const string LastEventIdHeader = "Last-Event-ID";
    private const string LastEventIdParameter = "lastEventId";

    internal EventStreamEndpoint(Origin<T> origin, EventStreamEndpointOptions<T> options, IServiceProvider services)
    {
        Origin = origin;
        Options = options;
        Json = JsonTypes.Find(services, options.Json);
        Ids = new EventIds(options.Epoch);
        Time = options.TimeProvider ?? services.GetService<TimeProvider>() ?? TimeProvider.System;
        Logger = services.GetService<ILoggerFactory>()?.CreateLogger("Rx.AspNetCore.EventStreamEndpoint") ?? NullLogger.Instance;
        Stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? default;
    }

    internal Origin<T> Origin { get; }

    internal EventStreamEndpointOptions<T> Options { get; }

    internal JsonTypeInfo<T> Json { get; }

    internal EventIds Ids { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    /// <summary>Canceled when the application stops. From then on an end of the stream is not the end for its clients, which reconnect to the next
    /// run.</summary>
    internal CancellationToken Stopping { get; }

    internal async Task InvokeAsync(HttpContext context)
    {
        if (Stopping.IsCancellationRequested)
        {
            context.Response.ContentType = EventStreamContentType; // and no event: any other answer tells a browser not to reconnect
            return;
        }

        Func<T, bool>? filter;
        Opening<T>? opening;
        ResetReason? reset;
        try
        {
            filter = Options.Filter?.Invoke(context.Request);
            opening = Open(context.Request, out reset);
        }
        catch (BadHttpRequestException error)
        {
            context.Response.StatusCode = error.StatusCode;
            return;
        }
        catch (ObjectDisposedException) when (Origin.Stream.IsDisposed)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (opening is not { } joined)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent; // tells a browser not to reconnect
            return;
        }

        using var client = new Client<T>(this, context, filter, joined);
        await client.RunAsync(reset).ConfigureAwait(false);
    }

    /// <summary>Joins the stream for a client, or returns null if the client has seen the stream's end.</summary>
    private Opening<T>? Open(HttpRequest request, out ResetReason? reset)
    {
        reset = null;
        if (LastEventId(request) is { } id)
        {
            if (!Ids.TryParse(id, out long sequence, out ResetReason problem))
            {
                reset = problem;
            }
            else if (Origin.TryResume(sequence, out Opening<T> resumed))
            {
                return resumed;
            }
            else if (Origin.IsEnd(sequence))
            {
                return null;
            }
            else
            {
                reset = sequence < Origin.Stream.NextSequence ? ResetReason.Expired : ResetReason.Ahead;
            }
        }

        return Origin.Open(request);
    }

    /// <summary>The header is newer than the parameter: a browser reconnects to the same address.</summary>
    private static string? LastEventId(HttpRequest request)
    {
        string? id = request.Headers[LastEventIdHeader];
        if (string.IsNullOrEmpty(id))
        {
            id = request.Query[LastEventIdParameter];
        }

        return string.IsNullOrEmpty(id) ? null : id;
    }
}
