using System.Runtime.CompilerServices;
using Rx.Delivery;

namespace Rx;

public sealed partial class EventObservable<T>
{
    /// <remarks>Static, as <see cref="Read"/>.</remarks>
    private static async IAsyncEnumerable<Sequenced<T>> ReadSequenced(
        ReadStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using EventReader<T> reader = start.OpenReader();
        while (await reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (reader.TryRead(out T? value))
            {
                yield return new Sequenced<T>(reader.Sequence - 1, value);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>The events with their sequence numbers, to observe and to pull.</summary>
    private sealed class SequencedEvents(EventObservable<T> source) : IObservable<Sequenced<T>>, IReadable<Sequenced<T>>
    {
        public IDisposable Subscribe(IObserver<Sequenced<T>> observer)
        {
            ArgumentNullException.ThrowIfNull(observer);
            return source.Subscribe(new SequencingObserver<T>(observer));
        }

        public IAsyncEnumerable<Sequenced<T>> ReadAllAsync(LagPolicy lag, CancellationToken cancellationToken) =>
            ReadSequenced(new ReadStart(source._stream, source._position, source._settings with { LagPolicy = lag }), cancellationToken);
    }
}
