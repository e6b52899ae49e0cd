namespace Rx.Operators;

/// <summary>Publishes to a stream what an asynchronous enumerable produces, until it ends or the stream does.</summary>
internal static class EnumerationFeed
{
    /// <summary>How many events may come one after the other without a wait before the thread of the pool is given to others.</summary>
    private const int MaxSynchronous = 256;

    /// <summary>Starts on the thread pool, without the caller's synchronization context, and so that no source blocks the caller.</summary>
    internal static void Start<T>(IAsyncEnumerable<T> source, EventStream<T> stream, CancellationToken cancellationToken) =>
        ThreadPool.QueueUserWorkItem(
            static state => Run(state.source, state.stream, state.cancellationToken), (source, stream, cancellationToken), preferLocal: false);

    /// <summary>Enumerates the source to its end, or until the stream has ended.</summary>
    /// <remarks>Only an exception of an observer leaves it: no other observer must get that, so it is not the stream's error.</remarks>
    internal static async Task RunAsync<T>(IAsyncEnumerable<T> source, EventStream<T> stream, CancellationToken cancellationToken)
    {
        IObserver<T> feed = stream.AsFeed();
        IAsyncEnumerator<T> events;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            events = source.GetAsyncEnumerator(cancellationToken);
        }
        catch (Exception failure)
        {
            feed.OnError(failure);
            return;
        }

        Exception? error = null;
        try
        {
            error = await PublishAllAsync(events, stream).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                await events.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                error ??= failure; // what failed first is what the stream ends with
            }
        }

        // After the source was disposed, as with await foreach. A stream that has ended, or is disposed, ignores it.
        if (error is null)
        {
            feed.OnCompleted();
        }
        else
        {
            feed.OnError(error);
        }
    }

    /// <summary>An exception that leaves it is unhandled, as on any scheduler of the thread pool: there is no caller to get it.</summary>
    private static async void Run<T>(IAsyncEnumerable<T> source, EventStream<T> stream, CancellationToken cancellationToken) =>
        await RunAsync(source, stream, cancellationToken).ConfigureAwait(false);

    /// <summary>Publishes one event after the other; returns the source's error, or null.</summary>
    private static async Task<Exception?> PublishAllAsync<T>(IAsyncEnumerator<T> events, EventStream<T> stream)
    {
        for (int synchronous = 0; ; synchronous++)
        {
            T value;
            try
            {
                ValueTask<bool> move = events.MoveNextAsync();
                synchronous = move.IsCompleted ? synchronous : 0;
                if (!await move.ConfigureAwait(false))
                {
                    return null;
                }

                value = events.Current;
            }
            catch (Exception error)
            {
                return error;
            }

            if (await stream.FeedAsync(value).ConfigureAwait(false) < 0)
            {
                return null;
            }

            if (synchronous == MaxSynchronous)
            {
                synchronous = 0;
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
        }
    }
}
