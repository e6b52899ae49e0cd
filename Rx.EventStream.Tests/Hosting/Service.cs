using Microsoft.Extensions.Hosting;

namespace Rx.Tests.Hosting;

/// <summary>A hosted service that does what the test says, in each step of the host.</summary>
internal sealed class Service : IHostedLifecycleService
{
    public Action OnStarting { get; init; } = static () => { };

    public Action OnStart { get; init; } = static () => { };

    public Action OnStop { get; init; } = static () => { };

    public Action OnStopped { get; init; } = static () => { };

    public Task StartingAsync(CancellationToken cancellationToken) => Run(OnStarting);

    public Task StartAsync(CancellationToken cancellationToken) => Run(OnStart);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Run(OnStop);

    public Task StoppedAsync(CancellationToken cancellationToken) => Run(OnStopped);

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
