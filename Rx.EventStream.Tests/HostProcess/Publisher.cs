using Microsoft.Extensions.Hosting;

namespace Rx.Tests.HostProcess;

/// <summary>Publishes until it is stopped.</summary>
internal sealed class Publisher(EventStream<long> stream, Counts counts) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await stream.OnNextAsync(Interlocked.Increment(ref counts.Published), CancellationToken.None);
            await Task.Yield();
        }
    }
}
