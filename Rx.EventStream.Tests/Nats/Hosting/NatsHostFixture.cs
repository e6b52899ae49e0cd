using Microsoft.Extensions.DependencyInjection;
using NATS.Extensions.Microsoft.DependencyInjection;
using Rx.Nats;
using Rx.Nats.Hosting.Running;
using Rx.Tests.Contract;
using Rx.Tests.Hosting;
using Rx.Tests.Nats.Handling;

namespace Rx.Tests.Nats.Hosting;

/// <summary>The base of tests of streams and handlers in a host, on the connection of the client's own package.</summary>
internal abstract class NatsHostFixture : HandlerFixture
{
    /// <summary>Registers the connection and the test's stream.</summary>
    protected IServiceCollection AddStream(IServiceCollection services, NatsEventStreamOptions<Reading>? options = null) =>
        AddConnection(services).AddNatsEventStream(options ?? Options());

    protected IServiceCollection AddConnection(IServiceCollection services) => services.AddNatsClient(nats => nats.ConfigureOptions(
        options => options.Configure(o => o.Opts = o.Opts with
        {
            Url = Server.Url,
            ReconnectWaitMin = TimeSpan.FromMilliseconds(50),
            ReconnectWaitMax = TimeSpan.FromMilliseconds(500),
            RequestTimeout = TimeSpan.FromSeconds(2),
        })));

    /// <summary>A host with the test's stream and more.</summary>
    protected TestHost Build(Action<IServiceCollection> configure) => TestHost.Build(services => configure(AddStream(services)));

    /// <summary>A running host with the test's stream and one handler.</summary>
    protected async Task<TestHost> StartAsync(NatsHandlerOptions<Reading>? options = null, Action<IServiceCollection>? configure = null)
    {
        TestHost host = Build(services =>
        {
            configure?.Invoke(services);
            services.AddNatsEventHandler<Reading, ReadingHandler>(options ?? HandlerOptions());
        });
        await host.StartAsync();
        return host;
    }

    /// <summary>The host's only handler, once it runs.</summary>
    protected static NatsSubscription HandlerOf(TestHost host) => host.Get<HostedNatsStream<Reading>>().Handlers.Single().Subscription!;

    /// <summary>Waits until the host's handler has handled what the server has.</summary>
    protected static Task CaughtUpAsync(TestHost host) => Eventually.Ends(HandlerOf(host).WhenCaughtUpAsync());

    /// <summary>What a handler does at a gate that heeds its token: a test that fails ends all the same.</summary>
    protected static ValueTask PassAsync(Gate gate, CancellationToken cancellationToken) => new(gate.PassAsync().AsTask().WaitAsync(cancellationToken));

    /// <summary>A token for a stop whose time is over.</summary>
    protected static CancellationToken Over => new(canceled: true);
}
