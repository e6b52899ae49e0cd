using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rx.Samples.Chatterbox;

/// <summary>Serves a room on an address of this machine.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    /// <summary>The size limit of a line, including the overhead of the protocol.</summary>
    private const int MaxLineBytes = 16 * 1024;

    /// <summary>How long the server waits for the clients to read the end of the room, and then for their connections to close.</summary>
    private static readonly TimeSpan _shutdownTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long the web server may take to write its queued responses: it reports that a call has ended before it has written the
    /// end.</summary>
    private static readonly TimeSpan _flushDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>The server pings a connection that was silent for this long.</summary>
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(30);

    private readonly WebApplication _application;
    private readonly ActiveCalls _calls;

    private ChatServer(WebApplication application, ActiveCalls calls)
    {
        _application = application;
        _calls = calls;
    }

    /// <summary>The address on which the server listens.</summary>
    public string Address => new Uri(
        _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority;

    /// <exception cref="UsageException">The server cannot listen on the address, or another program does already.</exception>
    public static async Task<ChatServer> StartAsync(RoomAddress address, Room room, LagPolicy lag)
    {
        var calls = new ActiveCalls();
        WebApplication application = Build(address.ToEndPoint(), room, lag, calls);
        try
        {
            await application.StartAsync();
            return new ChatServer(application, calls);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw new UsageException(error.GetBaseException() is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }
                ? $"{address} is in use by another program; choose another {RoomAddress.Option}."
                : $"The server cannot listen on {address}: {error.GetBaseException().Message}.");
        }
    }

    /// <summary>Waits for the calls to end, then stops the web server.</summary>
    /// <remarks>A web server that stops can close a connection before it has written the end of a response. So it is stopped a little after
    /// the calls have ended.</remarks>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(_calls.WhenEndedAsync(), Task.Delay(_shutdownTimeout));
        await Task.Delay(_flushDelay);
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static WebApplication Build(IPEndPoint endPoint, Room room, LagPolicy lag, ActiveCalls calls)
    {
        // An empty builder reads no settings and writes no log.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NullHostLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _shutdownTimeout);
        builder.Services.AddSingleton(room).AddSingleton(lag);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaxLineBytes);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            // HTTP/2 from the first byte: without TLS, the protocol is not negotiated.
            kestrel.Listen(endPoint, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.KeepAlivePingDelay = _pingDelay;

            // The lag policy decides how long a client may go without reading.
            kestrel.Limits.MinResponseDataRate = null;
        });
        WebApplication application = builder.Build();
        application.Use(calls.TrackAsync);
        application.MapGrpcService<ChatService>();
        return application;
    }

    /// <summary>Replaces the default lifetime, which would also handle Ctrl-C. <see cref="SampleHost"/> handles it for all samples.</summary>
    private sealed class NullHostLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
