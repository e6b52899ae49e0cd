using System.Collections.Concurrent;

namespace Rx.Tests.Hosting;

/// <summary>What the handlers of the tests have done, and what they do at an event.</summary>
internal sealed class HandledEvents
{
    private readonly ConcurrentQueue<int> _values = [];

    /// <summary>The events whose handling has ended, in that order.</summary>
    public IReadOnlyList<int> Values => [.. _values];

    /// <summary>Called with each event and the handler's token.</summary>
    public Func<int, CancellationToken, ValueTask> OnEvent { get; set; } = (_, _) => ValueTask.CompletedTask;

    public async ValueTask HandleAsync(int value, CancellationToken cancellationToken)
    {
        await OnEvent(value, cancellationToken);
        _values.Enqueue(value);
    }
}
