using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>Gives out catch-up reads of a stream, as enumerations and as observables, and ends them with the stream.</summary>
/// <remarks><b>Concurrency.</b> Any thread.</remarks>
internal sealed class CatchUpSource<T>
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly LocalFeed<T> _feed;

    /// <summary>Canceled when the stream has ended.</summary>
    private readonly CancellationToken _ended;

    private readonly OpenReaders<T> _openReaders = new();

    internal CatchUpSource(StreamApi api, NatsEventStreamOptions<T> options, LocalFeed<T> feed, CancellationToken ended)
    {
        _api = api;
        _options = options;
        _feed = feed;
        _ended = ended;
    }

    /// <summary>Deletes the consumers of all reads. The stream must have ended before.</summary>
    internal Task DeleteConsumersAsync() => _openReaders.DeleteConsumersAsync();

    /// <summary>The events from a start on. If the stream ends, the enumeration throws an <see cref="ObjectDisposedException"/>.</summary>
    /// <param name="start">Where to start.</param>
    /// <param name="onPassed">Called when the enumeration has passed a sequence number; see <see cref="CatchUpRead{T}"/>. Null if no caller needs it.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    internal async IAsyncEnumerable<Sequenced<T>> ReadAllAsync(
        NatsStart start, Action<long>? onPassed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, typeof(NatsEventStream<T>));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended);
        IAsyncEnumerator<Sequenced<T>> events =
            new CatchUpRead<T>(_api, _options, _feed, _openReaders, start, onPassed).ReadAsync(end.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveNextAsync(events, cancellationToken).ConfigureAwait(false))
            {
                yield return events.Current;
            }
        }
    }

    /// <summary>The events from a start on, on the thread pool. If the stream ends, observers are not notified.</summary>
    internal IObservable<Sequenced<T>> Observe(NatsStart start) => Observable.Create<Sequenced<T>>(observer =>
    {
        var end = new CancellationDisposable();
        _ = Task.Run(() => PushAsync(start, observer, end.Token), CancellationToken.None);
        return end;
    });

    /// <summary>Advances an enumeration. If it was canceled, the exception tells whether the caller or the end of the stream did it.</summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<Sequenced<T>> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (cancellationToken.IsCancellationRequested || _ended.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException($"Stream '{_options.Stream}' was disposed while it was read.", error);
        }
    }

    private async Task PushAsync(NatsStart start, IObserver<Sequenced<T>> observer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Sequenced<T> e in ReadAllAsync(start, null, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    observer.OnNext(e);
                }
                catch (Exception thrown)
                {
                    ObserverErrors.Raise(thrown);
                    return;
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested || _ended.IsCancellationRequested)
        {
            return; // the observer has unsubscribed, or the stream is disposed: no notification
        }
        catch (Exception error)
        {
            ObserverErrors.Catch(() => observer.OnError(error));
            return;
        }

        ObserverErrors.Catch(observer.OnCompleted);
    }
}
