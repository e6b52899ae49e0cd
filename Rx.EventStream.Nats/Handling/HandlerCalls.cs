using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Rx.Delivery;
using Rx.Nats.Tracing;

namespace Rx.Nats.Handling;

/// <summary>Calls the handler, and does what the options say about events that it throws for.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Any thread; calls can overlap.</remarks>
internal sealed class HandlerCalls<T>(
    string stream,
    Func<NatsEvent<T>, CancellationToken, ValueTask> handler,
    NatsHandlerOptions<T> options,
    DeadLetters<T>? deadLetters,
    HandlerSignals signals)
{
    /// <summary>Interlocked, for figures.</summary>
    private long _handled;

    /// <summary>Interlocked, for figures.</summary>
    private long _faults;

    /// <summary>How many events are handled, faults included.</summary>
    internal long Handled => Volatile.Read(ref _handled);

    /// <summary>For how many of them the handler threw.</summary>
    internal long Faults => Volatile.Read(ref _faults);

    /// <summary>Handles an event. False if the call was canceled or the handler ends: the event then is not handled.</summary>
    internal async ValueTask<bool> TryHandleAsync(HandledPartition<T> partition, NatsEvent<T> e, CancellationToken token)
    {
        try
        {
            await CallAsync(e, token).ConfigureAwait(false);
        }
        catch (CheckpointLostException lost)
        {
            signals.OnLost(partition.Number, lost);
            partition.Drop();
            return false;
        }
        catch (Exception error)
        {
            if (token.IsCancellationRequested || !await TryGiveUpAsync(e, error, token).ConfigureAwait(false))
            {
                return false;
            }

            Interlocked.Increment(ref _faults);
        }

        Interlocked.Increment(ref _handled);
        return true;
    }

    /// <summary>Calls the handler in an activity of its own. What a listener throws is a fault of the event, unless the handler throws, as in the core's
    /// handlers.</summary>
    private async ValueTask CallAsync(NatsEvent<T> e, CancellationToken token)
    {
        Activity? activity = TraceContext.StartHandling(stream, options.Name, e.Sequence, e.Headers);
        Exception? error = null;
        try
        {
            if (e.Unreadable is { } unreadable)
            {
                throw unreadable;
            }

            await handler(e, token).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            error = thrown;
        }

        error = activity is null ? error : activity.StopWith(error);
        if (error is not null)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Stores or reports an event that the handler threw for. False if the handler ends instead.</summary>
    private async ValueTask<bool> TryGiveUpAsync(NatsEvent<T> e, Exception error, CancellationToken token)
    {
        try
        {
            if (deadLetters is not null)
            {
                await deadLetters.StoreAsync(e, error, token).ConfigureAwait(false);
            }
            else if (options.ReportFault is null)
            {
                signals.Fail(error);
                return false;
            }

            options.ReportFault?.Invoke(new NatsEventFault<T>(e, error));
            return true;
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception reporting)
        {
            signals.Fail(reporting);
            return false;
        }
    }
}
