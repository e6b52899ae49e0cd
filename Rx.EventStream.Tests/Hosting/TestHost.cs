using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>A generic host with manual time, whose log is recorded.</summary>
internal sealed class TestHost : IDisposable
{
    private readonly IHost _host;

    private TestHost(Action<IServiceCollection, IConfiguration> configure, IEnumerable<(string Key, string Value)> configuration)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(configuration.ToDictionary(entry => entry.Key, entry => (string?)entry.Value));
        builder.Logging.AddProvider(Log);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton(Handled);
        configure(builder.Services, builder.Configuration);
        _host = builder.Build();
    }

    public FakeTimeProvider Time { get; } = new();

    public RecordedLog Log { get; } = new();

    /// <summary>What the handlers of the tests have done.</summary>
    public HandledEvents Handled { get; } = new();

    public IServiceProvider Services => _host.Services;

    public EventStream<int> Stream => Get<EventStream<int>>();

    public static TestHost Build(Action<IServiceCollection> configure) => new((services, _) => configure(services), []);

    public static TestHost Build(Action<IServiceCollection, IConfiguration> configure, params (string Key, string Value)[] configuration) =>
        new(configure, configuration);

    public static async Task<TestHost> StartAsync(Action<IServiceCollection> configure)
    {
        TestHost host = Build(configure);
        await host.StartAsync();
        return host;
    }

    public TService Get<TService>(string? key = null)
        where TService : notnull => Services.GetRequiredKeyedService<TService>(key);

    public Task StartAsync() => Eventually.Ends(_host.StartAsync());

    /// <summary>Stops the host. The token stands for the end of its shutdown timeout.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => Eventually.Ends(_host.StopAsync(cancellationToken));

    public void Dispose() => _host.Dispose();
}
