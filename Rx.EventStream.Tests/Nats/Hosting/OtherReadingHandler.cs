using Rx.Hosting;
using Rx.Nats;

namespace Rx.Tests.Nats.Hosting;

/// <summary>A second handler, which does nothing.</summary>
internal sealed class OtherReadingHandler : IEventHandler<NatsEvent<Reading>>
{
    public ValueTask HandleAsync(NatsEvent<Reading> value, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
