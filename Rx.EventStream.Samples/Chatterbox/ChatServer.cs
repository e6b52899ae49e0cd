using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rx.Samples.Chatterbox;

/// <summary>Serves a room on an address of this machine.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    /// <summary>gRPC's default limit for a message, less what the name adds to a line. Otherwise clients could not receive it.</summary>
    private const int MaxLineBytes = (4 * 1024 * 1024) - 64;

    /// <summary>Each member is a call that stays open. A client that may not open one more would wait without a message.</summary>
    private const int MaxCallsPerConnection = 1_000_000;

    /// <summary>How long the web server may take to write the ends of calls: it can close a connection that has them in its buffers.</summary>
    private static readonly TimeSpan _flushDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>The server pings a connection that was silent for this long, and so finds clients that are gone.</summary>
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(30);

    private readonly WebApplication _application;
    private readonly Room _room;

    private ChatServer(WebApplication application, Room room)
    {
        _application = application;
        _room = room;
    }

    /// <summary>The address on which the server listens.</summary>
    public string Address => new Uri(_application.Urls.Single()).Authority;

    /// <exception cref="UsageException">The server cannot listen on the address, or another program does already.</exception>
    public static async Task<ChatServer> StartAsync(RoomAddress address, Room room, LagPolicy lag)
    {
        // An empty builder reads no settings and writes no log.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5)); // for clients to read the end
        builder.Services.AddSingleton(room).AddSingleton(lag);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaxLineBytes);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            // HTTP/2 from the first byte: without TLS, the protocol is not negotiated.
            kestrel.Listen(address.ToEndPoint(), listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxCallsPerConnection;
            kestrel.Limits.Http2.KeepAlivePingDelay = _pingDelay;

            // The lag policy decides how long a client may go without reading.
            kestrel.Limits.MinResponseDataRate = null;
        });
        WebApplication application = builder.Build();
        application.MapGrpcService<ChatService>();
        try
        {
            await application.StartAsync();
            return new ChatServer(application, room);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw address.CannotListen(error);
        }
    }

    /// <summary>Closes the room, so that all calls end, then stops the web server.</summary>
    public async ValueTask DisposeAsync()
    {
        _room.Close();
        await Task.Delay(_flushDelay);
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    /// <summary>Replaces the default lifetime, which would also handle Ctrl-C. <see cref="SampleHost"/> handles it for all samples.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
