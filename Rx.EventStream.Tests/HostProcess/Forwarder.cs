using Microsoft.Extensions.DependencyInjection;
using Rx.Hosting;

namespace Rx.Tests.HostProcess;

/// <summary>Publishes each event to the second stream.</summary>
internal sealed class Forwarder([FromKeyedServices("forwarded")] IObserver<long> forwarded, Counts counts) : IEventHandler<long>
{
    public async ValueTask HandleAsync(long value, CancellationToken cancellationToken)
    {
        await Task.Yield();
        forwarded.OnNext(value);
        Interlocked.Increment(ref counts.Forwarded);
    }
}
