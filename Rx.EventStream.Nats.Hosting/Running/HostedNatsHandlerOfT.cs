using System.Diagnostics.CodeAnalysis;
using Rx.Nats.Handling;
using Rx.Nats.Hosting.Diagnostics;

namespace Rx.Nats.Hosting.Running;

/// <summary>A handler for events of a type.</summary>
/// <remarks><b>Concurrency.</b> The host starts and stops it; calls can overlap.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "An abandoned call may use the token later; the source holds no handle.")]
internal sealed class HostedNatsHandler<T> : HostedNatsHandler
{
    /// <summary>How long canceled calls may take to return.</summary>
    internal static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(5);

    private readonly NatsHandlerOptions<T> _options;
    private readonly Func<NatsEvent<T>, CancellationToken, ValueTask> _call;
    private readonly NatsHostLog _log;

    /// <summary>Whether events that the handler throws for are reported or stored. Otherwise such an event ends the handler.</summary>
    private readonly bool _isFaultKept;

    /// <summary>Canceled when calls that heed no cancellation are abandoned, so that the host can end.</summary>
    private readonly CancellationTokenSource _abandoned;

    /// <summary>The event after the last one whose call has returned; 0 before that. Written with release, read with acquire, for logs.</summary>
    private long _next;

    /// <summary>The first event that was not handled when a call threw and so ended the handler; 0 before that. Written with release, read with acquire, for
    /// logs.</summary>
    private long _failedAt;

    internal HostedNatsHandler(
        NatsHandlerOptions<T> options, Func<NatsEvent<T>, CancellationToken, ValueTask> call, NatsHostLog log, TimeProvider time)
        : base(options.Name, options.Partitions is not null)
    {
        _call = call;
        _log = log;
        _abandoned = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _isFaultKept = options.ReportFault is not null || options.DeadLetterSubject is not null;
        _options = _isFaultKept ? options.WithReportFault(Report) : options;

        void Report(NatsEventFault<T> fault)
        {
            log.FaultKept(options.Name, fault.Event.Sequence, options.DeadLetterSubject, fault.Exception);
            options.ReportFault?.Invoke(fault);
        }
    }

    internal void Start(NatsEventStream<T> stream)
    {
        NatsSubscription subscription = stream.SubscribeAwait(HandleAsync, _options);
        Subscription = subscription;
        _ = WatchEndAsync(subscription);
    }

    internal override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Subscription is not { } subscription)
        {
            return;
        }

        using (cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).CancelAfter(Courtesy), _abandoned))
        {
            await subscription.StopAsync(cancellationToken).ConfigureAwait(false);
        }

        if (subscription.Completion.IsCanceled)
        {
            _log.Stopped(Name, subscription.Handled);
        }
    }

    private async ValueTask HandleAsync(NatsEvent<T> e, CancellationToken token)
    {
        ValueTask call = _call(e, token);
        if (call.IsCompletedSuccessfully)
        {
            Volatile.Write(ref _next, e.Sequence + 1);
            return;
        }

        Task running = call.AsTask();
        try
        {
            await running.WaitAsync(_abandoned.Token).ConfigureAwait(false);
            Volatile.Write(ref _next, e.Sequence + 1);
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            _log.NotHandled(Name, e.Sequence);
            _ = running.ContinueWith(static ended => ended.Exception, TaskScheduler.Default); // what an abandoned call throws concerns no one any more
            throw;
        }
        catch (Exception) when (!_isFaultKept)
        {
            // The event is not settled yet, so this is exact, also with several calls at a time.
            Volatile.Write(ref _failedAt, Subscription?.Position ?? e.Sequence);
            throw;
        }
    }

    private async Task WatchEndAsync(NatsSubscription subscription)
    {
        await subscription.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (subscription.Completion.Exception?.InnerException is { } error)
        {
            _log.Ended(Name, FindEnd(error), error);
        }
    }

    /// <summary>The first event that is not handled, or 0 if that is not known: the handler has ended, and does not tell it any more.</summary>
    private long FindEnd(Exception error) => error switch
    {
        _ when Volatile.Read(ref _failedAt) is > 0 and var sequence => sequence,
        UnreadableEventException unreadable => unreadable.Sequence,
        EventStreamGapException gap => gap.From,
        _ => Volatile.Read(ref _next),
    };
}
