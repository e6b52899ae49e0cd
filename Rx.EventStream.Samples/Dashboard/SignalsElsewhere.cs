using Microsoft.Extensions.Hosting;

namespace Rx.Samples.Dashboard;

/// <summary>Leaves Ctrl-C to <see cref="SampleHost"/>, which ends all samples in one way; a web host would take it for itself.</summary>
internal sealed class SignalsElsewhere : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
