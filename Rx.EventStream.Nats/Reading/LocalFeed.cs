using Rx.Diagnostics;
using Rx.Nats.Waiting;

namespace Rx.Nats.Reading;

/// <summary>Moves events from the server to the local stream.</summary>
/// <remarks><b>Concurrency.</b> One task moves the events. The properties can be read from any thread; the local stream allows any use.</remarks>
internal sealed class LocalFeed<T> : IAsyncDisposable
{
    private readonly ServerReader<T> _reader;

    /// <summary>Canceled when the stream has ended.</summary>
    private readonly CancellationToken _ended;

    private readonly Task _running;

    /// <summary>Completes when the local stream passes events that it does not get. Replaced with release by the task that moves the events, after it has advanced
    /// <see cref="Passed"/>; read with acquire by a reader before it looks there.</summary>
    private TaskCompletionSource _quietPass = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="reader">An open reader. It is disposed with this.</param>
    /// <param name="local">The options of the local stream.</param>
    /// <param name="ended">Canceled when the stream has ended.</param>
    internal LocalFeed(ServerReader<T> reader, EventStreamOptions local, CancellationToken ended)
    {
        _reader = reader;
        _ended = ended;
        Passed = new SequenceWaits(reader.Progress.Next - 1);
        Local = new EventStream<Sequenced<T>>(local);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>The local stream.</summary>
    internal EventStream<Sequenced<T>> Local { get; }

    /// <summary>How far the local stream has come.</summary>
    internal ReadProgress Progress => _reader.Progress;

    /// <summary>How far the local stream is complete: it has had every event up to the number reached that it gets. <see cref="Progress"/> is ahead of it while
    /// an event is published.</summary>
    internal SequenceWaits Passed { get; }

    /// <summary>Completes when <see cref="Passed"/> next moves over events that the local stream does not get. Take it before looking there.</summary>
    internal Task QuietPass => Volatile.Read(ref _quietPass).Task;

    /// <summary>Waits until no event is moved any more, deletes the consumer and disposes the local stream. The stream must have ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        await _running.ConfigureAwait(false);
        Passed.End(new ObjectDisposedException(TypeName.Of(typeof(NatsEventStream<T>))));
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

                NotePassed(arrival.IsEvent ? arrival.Event.Sequence : 0);
            }
        }
        catch (Exception) when (_ended.IsCancellationRequested)
        {
            // The stream is disposed: observers are not notified.
        }
        catch (Exception error)
        {
            ObserverErrors.Catch(() => Local.OnError(error));
            Passed.End(error);
        }
    }

    /// <summary>Advances <see cref="Passed"/> after an arrival was handled.</summary>
    /// <param name="published">The sequence number of the event that the local stream got, or 0.</param>
    private void NotePassed(long published)
    {
        long last = Progress.Next - 1;
        if (last <= Passed.Reached)
        {
            return;
        }

        Passed.Advance(last);
        if (last > published)
        {
            // plain: no other thread writes it.
            TaskCompletionSource passed = _quietPass;
            Volatile.Write(ref _quietPass, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            passed.SetResult();
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
