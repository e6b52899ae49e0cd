using Rx.Hosting;
using Rx.Nats;
using Rx.Tests.Hosting;

namespace Rx.Tests.Nats.Hosting;

/// <summary>A handler that does with the number of a reading what the test says.</summary>
internal sealed class ReadingHandler(HandledEvents handled) : IEventHandler<NatsEvent<Reading>>
{
    public ValueTask HandleAsync(NatsEvent<Reading> value, CancellationToken cancellationToken) => handled.HandleAsync(value.Value.Number, cancellationToken);
}
