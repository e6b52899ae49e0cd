using Rx.Hosting;

namespace Rx.Tests.Hosting;

/// <summary>A handler that does what the test says.</summary>
internal sealed class IntHandler(HandledEvents handled) : IEventHandler<int>
{
    public ValueTask HandleAsync(int value, CancellationToken cancellationToken) => handled.HandleAsync(value, cancellationToken);
}
