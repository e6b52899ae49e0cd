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

/// <summary>Serves a room at an address of this machine.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    /// <summary>The longest line that a client may say, with what the protocol puts around it.</summary>
    private const int LineBytes = 16 * 1024;

    /// <summary>How long clients may take to hear that the room is closed, and then the same to hang up.</summary>
    private static readonly TimeSpan _goodbye = TimeSpan.FromSeconds(5);

    /// <summary>How long the web server may take to write what it has queued: it says that a call is over before it has written that.</summary>
    private static readonly TimeSpan _lastWrites = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a silent connection is believed to be one.</summary>
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(30);

    private readonly WebApplication _application;
    private readonly CallsUnderWay _calls;

    private ChatServer(WebApplication application, CallsUnderWay calls)
    {
        _application = application;
        _calls = calls;
    }

    /// <summary>Where it listens.</summary>
    public string Address => new Uri(
        _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority;

    /// <exception cref="UsageException">Nobody can listen there, or somebody does already.</exception>
    public static async Task<ChatServer> StartAsync(RoomAddress address, Room room, LagPolicy lag)
    {
        var calls = new CallsUnderWay();
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
                : $"The server cannot listen at {address}: {error.GetBaseException().Message}.");
        }
    }

    /// <summary>Waits a moment for clients to go, then hangs up.</summary>
    /// <remarks>A web server that stops may close a connection while the end of a call's answer is still to be written there. So it is
    /// told to stop a little after the calls are over.</remarks>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(_calls.WhenOver(), Task.Delay(_goodbye));
        await Task.Delay(_lastWrites);
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static WebApplication Build(IPEndPoint endPoint, Room room, LagPolicy lag, CallsUnderWay calls)
    {
        // An empty one reads no settings and writes no log.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _goodbye);
        builder.Services.AddSingleton(room).AddSingleton(lag);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = LineBytes);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            // HTTP/2 from the first byte: without encryption there is nothing to agree on.
            kestrel.Listen(endPoint, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.KeepAlivePingDelay = _silence;

            // How long a client may go without reading is for the lag policy to say.
            kestrel.Limits.MinResponseDataRate = null;
        });
        WebApplication application = builder.Build();
        application.Use(calls.Follow);
        application.MapGrpcService<ChatService>();
        return application;
    }

    /// <summary>Instead of the usual one, which would hear Ctrl-C beside the samples' host.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
