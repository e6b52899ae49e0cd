using System.Threading.Channels;

namespace Rx.Benchmarks.Work;

/// <summary>Fan-out with a channel and a task for each consumer.</summary>
internal static class ChannelFanOut
{
    /// <param name="count">The number of channels.</param>
    /// <param name="isSingle">Whether to set the options for a single reader and a single writer.</param>
    public static Channel<T>[] Open<T>(int count, bool isSingle = false) =>
        [.. Enumerable.Range(0, count).Select(_ => Channel.CreateUnbounded<T>(
            new UnboundedChannelOptions { SingleReader = isSingle, SingleWriter = isSingle }))];

    /// <summary>Passes all items of a channel to an observer, on the thread pool.</summary>
    public static void Consume<T>(ChannelReader<T> reader, IObserver<T> observer) => _ = Task.Run(async () =>
    {
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (reader.TryRead(out T? value))
            {
                observer.OnNext(value);
            }
        }
    });
}
