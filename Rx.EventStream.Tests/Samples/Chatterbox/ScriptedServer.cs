using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>A server with the room's contract that does what a test says.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    public delegate Task Script(IAsyncStreamReader<Send> lines, IServerStreamWriter<Event> client, ServerCallContext call);

    private readonly WebApplication _application;

    private ScriptedServer(WebApplication application) => _application = application;

    public string Address => new Uri(_application.Urls.Single()).Authority;

    public static async Task<ScriptedServer> StartAsync(Script script)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(script).AddGrpc();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        WebApplication application = builder.Build();
        application.MapGrpcService<Service>();
        await application.StartAsync();
        return new ScriptedServer(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private sealed class Service(Script script) : ChatterBox.ChatterBoxBase
    {
        public override Task Chat(IAsyncStreamReader<Send> requestStream, IServerStreamWriter<Event> responseStream, ServerCallContext context) =>
            script(requestStream, responseStream, context);
    }
}
