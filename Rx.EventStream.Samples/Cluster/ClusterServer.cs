using System.Net.ServerSentEvents;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>A server that appends lines to the log, serves it, and has a worker that moderates lines. The servers are interchangeable.</summary>
internal sealed class ClusterServer : IAsyncDisposable
{
    private const string Stream = "cluster";
    private const string Subject = "cluster.lines";

    private readonly WebApplication _application;
    private readonly NatsConnection _connection;
    private readonly NatsEventStream<string> _log;
    private readonly Moderation _moderation;

    private ClusterServer(WebApplication application, NatsConnection connection, NatsEventStream<string> log, Moderation moderation)
    {
        _application = application;
        _connection = connection;
        _log = log;
        _moderation = moderation;
    }

    /// <exception cref="UsageException">The server cannot listen on the address, or cannot use the log.</exception>
    public static async Task<ClusterServer> StartAsync(RoomAddress address, string logUrl, CancellationToken ct)
    {
        var connection = new NatsConnection(new NatsOpts { Url = logUrl });
        NatsEventStream<string>? log = null;
        WebApplication? application = null;
        try
        {
            await new NatsJSContext(connection).CreateOrUpdateStreamAsync(new StreamConfig(Stream, [Subject]), ct);
            log = await NatsEventStream<string>.OpenAsync(
                connection, new(NatsUtf8PrimitivesSerializer<string>.Default) { Stream = Stream, Subject = _ => Subject }, ct);
            application = Build(address, log);
            await application.StartAsync(ct);
            return new ClusterServer(application, connection, log, await Moderation.StartAsync(connection, log, address, ct));
        }
        catch (Exception error) when (error is IOException or SocketException or NatsException or NatsEventStreamException)
        {
            await (application?.DisposeAsync() ?? default);
            await (log?.DisposeAsync() ?? default);
            await connection.DisposeAsync();
            throw error is IOException or SocketException ? address.CannotListen(error) : new UsageException(error.Message);
        }
    }

    /// <summary>Breaks the connections at once, as when a process is killed: the server's worker cannot give its partitions back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
        await _moderation.DisposeAsync();
        await _log.DisposeAsync();
    }

    private static WebApplication Build(RoomAddress address, NatsEventStream<string> log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore().AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(address.ToEndPoint()));
        WebApplication application = builder.Build();

        // The id belongs to the line: a client sends it again to another server, and the log stores the line once.
        application.MapPost("/lines", async (string text, string id, CancellationToken ct) =>
            TypedResults.Ok(await log.PublishAsync(text, messageId: id, cancellationToken: ct)));

        // The sequence number is the same at each server. It is all that a client needs to resume.
        application.MapGet("/lines", ([FromHeader(Name = "Last-Event-ID")] long? last, CancellationToken ct) =>
            TypedResults.ServerSentEvents(log.ReadAllAsync(last is null ? NatsStart.Oldest : NatsStart.At(last.Value + 1), ct)
                .Select(line => new SseItem<string>(line.Value) { EventId = $"{line.Sequence}" })));
        return application;
    }

    /// <summary>Replaces the default lifetime, which would also handle Ctrl-C.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
