using System.Collections.Concurrent;

namespace Rx.Nats.Handling;

/// <summary>The handlers of a stream that run. They are stopped before the stream ends.</summary>
/// <remarks><b>Concurrency.</b> Any thread.</remarks>
internal sealed class OpenHandlers
{
    private readonly ConcurrentDictionary<IHandlerRun, bool> _runs = new();

    /// <summary>Adds a handler until it has ended.</summary>
    internal IHandlerRun Add(IHandlerRun run)
    {
        _runs[run] = true;
        _ = RemoveAtEndAsync(run);
        return run;
    }

    /// <summary>Cancels the calls of all handlers and waits until the handlers have ended.</summary>
    internal Task StopAsync() => Task.WhenAll(_runs.Keys.Select(static run => run.StopAsync(new CancellationToken(canceled: true))));

    private async Task RemoveAtEndAsync(IHandlerRun run)
    {
        await run.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _runs.TryRemove(run, out _);
    }
}
