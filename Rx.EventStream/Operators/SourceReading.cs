using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;

namespace Rx.Operators;

/// <summary>Reads a source with <c>await foreach</c>, through a stream of its own.</summary>
internal static class SourceReading
{
    internal static async IAsyncEnumerable<T> ReadAllAsync<T>(
        IObservable<T> source, LagPolicy lag, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Not disposed: a source that was just freed from waiting must end quietly, not with an exception.
        var stream = new EventStream<T>();
        using EventReader<T> reader = stream.WithLagPolicy(lag).OpenReader();
        using IDisposable subscription = lag.WaitsWhenFull ? SubscribeOnPool(source, stream) : source.SubscribeSafe(stream);
        while (await reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (reader.TryRead(out T? value))
            {
                yield return value;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Subscribes where waiting is allowed: a source that produces inside <c>Subscribe</c> would otherwise wait for the
    /// thread it is on. A token ends it, since its own handle comes only when it has produced everything.</summary>
    private static CancellationDisposable SubscribeOnPool<T>(IObservable<T> source, IObserver<T> observer)
    {
        var cancellation = new CancellationDisposable();
        source.TakeUntil(cancellation.Token).SubscribeOn(TaskPoolScheduler.Default).SubscribeSafe(observer);
        return cancellation;
    }
}
