using System.Runtime.CompilerServices;

namespace Rx.Operators;

/// <summary>Reads a source with <c>await foreach</c>, through a stream of its own.</summary>
internal sealed class SourceReading<T>(IObservable<T> source, LagPolicy lag, CancellationToken cancellationToken) : IAsyncEnumerable<T>
{
    /// <remarks>Each enumeration has an object of its own to take the source from: this one keeps the source for the next.</remarks>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellation = default) =>
        Read(new StrongBox<IObservable<T>?>(source), lag, cancellationToken).GetAsyncEnumerator(cancellation);

    private static async IAsyncEnumerable<T> Read(
        StrongBox<IObservable<T>?> source, LagPolicy lag, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Not disposed: a source that was just freed from waiting must end quietly, not with an exception.
        var stream = new EventStream<T>();
        using EventReader<T> reader = stream.WithLagPolicy(lag).OpenReader();
        using IDisposable subscription = SourceSubscription.Subscribe(source.Value!, stream, lag, cancellationToken);
        source.Value = null; // it may hold a position, and so the events that are read here
        while (await reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (reader.TryRead(out T? value))
            {
                yield return value;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
