using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers in actions of any scheduler, a bounded batch in each.</summary>
internal sealed class SchedulerPump<T> : Pump<T>
{
    private readonly IScheduler _scheduler;
    private readonly int _batchSize;

    /// <summary>What is scheduled last, to be cancelled. Written by who schedules, read by who disposes; both plain: a
    /// cancellation that misses costs an action that finds the pump ended.</summary>
    private IDisposable? _scheduled;

    internal SchedulerPump(
        EventLog<T> log, SubscriptionList subscriptions, Cursor<T> cursor, IObserver<T> observer, string? name, IScheduler scheduler, int batchSize)
        : base(log, subscriptions, cursor, observer, name)
    {
        _scheduler = scheduler;
        _batchSize = batchSize;
    }

    private protected override void Schedule() =>
        _scheduled = _scheduler.Schedule(this, static (_, pump) =>
        {
            pump.RunBatch(pump._batchSize);
            return Disposable.Empty;
        });

    private protected override void OnDisposed() => _scheduled?.Dispose();
}
