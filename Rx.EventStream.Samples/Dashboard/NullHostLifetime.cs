using Microsoft.Extensions.Hosting;

namespace Rx.Samples.Dashboard;

/// <summary>Replaces the default lifetime of the web host, which would handle Ctrl-C. <see cref="SampleHost"/> handles it for all samples.</summary>
internal sealed class NullHostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
