namespace Rx.Benchmarks.Work;

/// <summary>Passes the events of an asynchronous enumeration to an observer.</summary>
internal static class PulledEvents
{
    /// <summary>Begins to enumerate before it returns, so that the source counts as subscribed, and goes on where the source completes its
    /// waits.</summary>
    public static void Consume<T>(IAsyncEnumerable<T> source, IObserver<T> observer)
    {
        IAsyncEnumerator<T> events = source.GetAsyncEnumerator();
        ValueTask<bool> first = events.MoveNextAsync();
        _ = Task.Run(async () =>
        {
            try
            {
                for (bool hasNext = await first.ConfigureAwait(false); hasNext; hasNext = await events.MoveNextAsync().ConfigureAwait(false))
                {
                    observer.OnNext(events.Current);
                }
            }
            catch (Exception error)
            {
                observer.OnError(error);
            }
            finally
            {
                await events.DisposeAsync().ConfigureAwait(false);
            }
        });
    }
}
