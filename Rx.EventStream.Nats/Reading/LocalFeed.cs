namespace Rx.Nats.Reading;

/// <summary>Moves events from the server to the local stream.</summary>
/// <remarks><b>Concurrency.</b> One task moves the events. The properties can be read from any thread; the local stream allows any use.</remarks>
internal sealed class LocalFeed<T> : IAsyncDisposable
{
    private readonly ServerReader<T> _reader;

    /// <summary>Canceled when the stream has ended.</summary>
    private readonly CancellationToken _ended;

    private readonly Task _running;

    /// <param name="reader">An open reader. It is disposed with this.</param>
    /// <param name="local">The options of the local stream.</param>
    /// <param name="ended">Canceled when the stream has ended.</param>
    internal LocalFeed(ServerReader<T> reader, EventStreamOptions local, CancellationToken ended)
    {
        _reader = reader;
        _ended = ended;
        Local = new EventStream<Sequenced<T>>(local);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>The local stream.</summary>
    internal EventStream<Sequenced<T>> Local { get; }

    /// <summary>How far the local stream has come.</summary>
    internal ReadProgress Progress => _reader.Progress;

    /// <summary>Waits until no event is moved any more, deletes the consumer and disposes the local stream. The stream must have ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        await _running.ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        Local.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                Arrival<T> arrival = await _reader.ReadAsync().ConfigureAwait(false);
                if (arrival.IsEvent)
                {
                    // The reader has advanced its progress before this: see ReadProgress.
                    await PublishAsync(arrival.Event).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (_ended.IsCancellationRequested)
        {
            // The stream is disposed: observers are not notified.
        }
        catch (Exception error)
        {
            ObserverErrors.Catch(() => Local.OnError(error));
        }
    }

    /// <summary>Publishes an event to the local stream, and raises what an observer without a scheduler throws. By then all other observers have the event.</summary>
    private async ValueTask PublishAsync(Sequenced<T> e)
    {
        ValueTask<long> published = Local.OnNextAsync(e, _ended);
        if (published.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await published.ConfigureAwait(false);
        }
        catch (Exception error) when (!_ended.IsCancellationRequested)
        {
            ObserverErrors.Raise(error);
        }
    }
}
