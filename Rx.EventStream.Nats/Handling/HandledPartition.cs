using System.Diagnostics.CodeAnalysis;
using Rx.Nats.Reading;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>The events of one partition, from the opening of its checkpoint until the last call has returned.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// <code>
///   Opening --checkpoint opened--> Running --Stop or Drop--> Stopping --last call returned, checkpoint saved--> Ended
/// </code>
/// The calls themselves, their order, their keys and their number, are those of <see cref="EventStream{T}.SubscribeAwait"/> on a local stream that holds at
/// most <see cref="NatsHandlerOptions{T}.MaxPending"/> events.
/// <para><b>Concurrency.</b> Any thread; the reading task publishes.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Calls may use the token of the source later, and saves the semaphore; neither holds a handle.")]
internal sealed class HandledPartition<T>
{
    /// <summary>How long to try to save the last checkpoint.</summary>
    private static readonly TimeSpan _courtesy = TimeSpan.FromSeconds(5);

    private readonly HandlerCalls<T> _calls;
    private readonly HandlerSignals _signals;
    private readonly NatsHandlerOptions<T> _options;
    private readonly string _checkpointName;
    private readonly EventStream<NatsEvent<T>> _events;

    /// <summary>Completes when no call may begin any more.</summary>
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Canceled to cancel the calls that run. Not disposed: calls may use its token later.</summary>
    private readonly CancellationTokenSource _canceled = new();

    /// <summary>One save at a time.</summary>
    private readonly SemaphoreSlim _saving = new(1);

    /// <summary>The checkpoint and the progress, in state Running and after it; null before. Written once with release, read with acquire.</summary>
    private Opened? _opened;

    /// <param name="number">The number of the partition.</param>
    /// <param name="checkpointName">The name of its checkpoint.</param>
    /// <param name="start">Where to start without a checkpoint.</param>
    /// <param name="calls">Calls the handler.</param>
    /// <param name="signals">What to tell the run.</param>
    /// <param name="options">How to call it.</param>
    internal HandledPartition(
        int number,
        string checkpointName,
        Func<CancellationToken, Task<long>> start,
        HandlerCalls<T> calls,
        HandlerSignals signals,
        NatsHandlerOptions<T> options)
    {
        _signals = signals;
        Number = number;
        _checkpointName = checkpointName;
        _calls = calls;
        _options = options;
        _events = new EventStream<NatsEvent<T>>(
            new EventStreamOptions { SingleWriter = true, LagPolicy = LagPolicy.Wait(options.MaxPending), Name = checkpointName });
        Ended = Task.Run(() => RunAsync(start), CancellationToken.None);
    }

    internal int Number { get; }

    /// <summary>Completes when no call runs and none can begin. Faulted with what ended the partition if that was an error.</summary>
    internal Task Ended { get; }

    /// <summary>Whether it is in state Running, in which events must be read for it.</summary>
    internal bool IsRunning => Volatile.Read(ref _opened) is { Progress.IsRunning: true };

    /// <summary>The sequence number of the first event that is not handled; 0 before that is known.</summary>
    internal long Position => Volatile.Read(ref _opened)?.Progress.Position ?? 0;

    /// <summary>The place from which on events must be published. Only in state Running.</summary>
    internal long ReadTo => Volatile.Read(ref _opened)!.Progress.ReadTo;

    /// <summary>Begins no further call. Calls that run may end, and are canceled after a time.</summary>
    /// <remarks>Both this method and the task that opens the checkpoint write first and then look for the other's write, with full fences: one of them stops
    /// the progress.</remarks>
    internal void Stop(TimeSpan cancelAfter)
    {
        if (_stopped.TrySetResult())
        {
            _canceled.CancelAfter(cancelAfter);
        }

        Interlocked.MemoryBarrier();
        Volatile.Read(ref _opened)?.Progress.Stop();
    }

    /// <summary>Begins no further call, and cancels the calls that run.</summary>
    internal void Drop()
    {
        Stop(Timeout.InfiniteTimeSpan);
        try
        {
            _canceled.Cancel();
        }
        catch (AggregateException error)
        {
            _signals.Fail(error); // of a checkpoint store that has registered with the token
        }
    }

    /// <summary>Notes that all events before a sequence number were published. In state Opening it does nothing.</summary>
    internal void AdvanceTo(long readTo) => Volatile.Read(ref _opened)?.Progress.AdvanceTo(readTo);

    /// <summary>Publishes an event to the partition, when it has room. In the other states than Running it does nothing.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled, and the event was not published.</exception>
    internal async ValueTask PublishAsync(NatsEvent<T> e, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _opened) is not { Progress.IsRunning: true } opened || e.Sequence < opened.Progress.ReadTo)
        {
            return;
        }

        e.Checkpoint = opened.Checkpoint;
        e.IsInOrder = _options.MaxConcurrency == 1;
        try
        {
            await _events.OnNextAsync(e, cancellationToken).ConfigureAwait(false);
            opened.Progress.Add(e);
        }
        catch (ObjectDisposedException)
        {
            // It has ended at the same time.
        }
    }

    /// <summary>The event of an arrival, without a partition.</summary>
    internal static NatsEvent<T> ToEvent(in Arrival<T> arrival) => new(
        arrival.Unreadable is null ? arrival.Message!.Data! : default!,
        arrival.Metadata.Sequence,
        arrival.Message!.Subject,
        arrival.Message.Headers,
        arrival.Metadata.Time)
    {
        Unreadable = arrival.Unreadable,
    };

    /// <summary>Saves the checkpoint if it has moved.</summary>
    /// <exception cref="CheckpointLostException">Another owner has opened it.</exception>
    internal async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _opened) is not { } opened)
        {
            return;
        }

        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long position = opened.Progress.Position;
            if (position > opened.Checkpoint.Next)
            {
                await opened.Checkpoint.SaveAsync(position, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task<long>> start)
    {
        if (await OpenAsync(start).ConfigureAwait(false) is not { } opened)
        {
            return;
        }

        EventSubscription subscription = _events.SubscribeAwait(
            (e, token) => CallAsync(opened, e, token),
            new SubscribeAwaitOptions<NatsEvent<T>>
            {
                MaxConcurrency = _options.MaxConcurrency,
                PartitionKey = _options is { MaxConcurrency: > 1, HasKey: true } ? static e => e.Key : null,
            });
        Volatile.Write(ref _opened, opened);
        Interlocked.MemoryBarrier();
        if (_stopped.Task.IsCompleted)
        {
            opened.Progress.Stop();
        }

        _signals.OnChanged();
        using (_canceled.Token.UnsafeRegister(_ => End(subscription), null))
        {
            await opened.Progress.Idle.ConfigureAwait(false);
        }

        End(subscription);
        await subscription.WhenEndedAsync().ConfigureAwait(false);
        _events.Dispose();
        await SaveAtEndAsync().ConfigureAwait(false);
    }

    /// <summary>Cancels the token of the calls. What the handler has registered there can throw, also on the thread of a timer.</summary>
    private void End(EventSubscription subscription)
    {
        try
        {
            subscription.Dispose();
        }
        catch (Exception error)
        {
            _signals.Fail(error);
        }
    }

    /// <summary>Opening → Running. Null if it is stopped before.</summary>
    private async Task<Opened?> OpenAsync(Func<CancellationToken, Task<long>> start)
    {
        var backoff = new Backoff();
        while (!_stopped.Task.IsCompleted)
        {
            try
            {
                ICheckpoint checkpoint = await _options.Checkpoints.OpenAsync(_checkpointName, _canceled.Token).ConfigureAwait(false);
                if (checkpoint.Next == 0)
                {
                    // Saved before the first event: otherwise a start such as Now would be another place after a restart.
                    await checkpoint.SaveAsync(await start(_canceled.Token).ConfigureAwait(false), _canceled.Token).ConfigureAwait(false);
                }

                return new Opened(checkpoint, new PartitionProgress<T>(checkpoint.Next));
            }
            catch (Exception error) when (_canceled.IsCancellationRequested || HandlerErrors.IsTransient(error))
            {
                await Task.WhenAny(_stopped.Task, backoff.WaitAsync(_canceled.Token)).ConfigureAwait(false);
            }
        }

        return null;
    }

    private async ValueTask CallAsync(Opened opened, NatsEvent<T> e, CancellationToken token)
    {
        bool isHandled = false;
        if (opened.Progress.TryBegin())
        {
            try
            {
                isHandled = await _calls.TryHandleAsync(this, e, token).ConfigureAwait(false);
                if (isHandled)
                {
                    opened.Progress.Settle(e);
                    await SaveIfDueAsync(token).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (!token.IsCancellationRequested)
            {
                _signals.Fail(error); // of a checkpoint store: the handler's own are taken care of
            }
            finally
            {
                opened.Progress.End();
                _signals.OnProgress();
            }
        }

        if (!isHandled)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token).ConfigureAwait(false); // until the subscription is disposed: no later event of the key is handled
        }
    }

    /// <summary>Saves the checkpoint after each call if the options say so, however long it takes.</summary>
    private async ValueTask SaveIfDueAsync(CancellationToken token)
    {
        var backoff = new Backoff();
        while (_options.SaveInterval == TimeSpan.Zero && !token.IsCancellationRequested)
        {
            try
            {
                await SaveAsync(token).ConfigureAwait(false);
                return;
            }
            catch (CheckpointLostException lost)
            {
                _signals.OnLost(Number, lost);
                Drop();
                return;
            }
            catch (Exception error) when (HandlerErrors.IsTransient(error))
            {
                await ((Task)backoff.WaitAsync(token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Saves the checkpoint after the last call, if that is possible soon.</summary>
    private async Task SaveAtEndAsync()
    {
        using var limit = new CancellationTokenSource(_courtesy);
        try
        {
            await SaveAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is CheckpointLostException || HandlerErrors.IsTransient(error))
        {
            // The next owner repeats the events that were handled after the last save.
        }
    }

    private sealed record Opened(ICheckpoint Checkpoint, PartitionProgress<T> Progress);
}
