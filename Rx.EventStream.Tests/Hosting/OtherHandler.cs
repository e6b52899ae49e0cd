using Rx.Hosting;

namespace Rx.Tests.Hosting;

/// <summary>A second handler, which notes what it gets.</summary>
internal sealed class OtherHandler(OtherHandler.Notes notes) : IEventHandler<int>
{
    public ValueTask HandleAsync(int value, CancellationToken cancellationToken)
    {
        notes.Values.Enqueue(value);
        return ValueTask.CompletedTask;
    }

    internal sealed class Notes
    {
        public System.Collections.Concurrent.ConcurrentQueue<int> Values { get; } = [];
    }
}
