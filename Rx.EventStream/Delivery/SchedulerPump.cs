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

    /// <summary>The thread that is inside a call to the scheduler, made behind a batch, or 0. Written by that thread; CAS to clear
    /// it, since where the action runs elsewhere its thread may be scheduling already.</summary>
    private int _schedulingThread;

    /// <summary>Whether the scheduler ran the action inside that call. Written and read by that thread only.</summary>
    private bool _ranInside;

    private protected override int LingerSpins => 0;

    private protected override void Schedule() =>
        _scheduled = _scheduler.Schedule(this, static (_, pump) =>
        {
            pump.Run();
            return Disposable.Empty;
        });

    private protected override void OnDisposed() => _scheduled?.Dispose();

    /// <remarks>A scheduler that runs actions at once would nest one batch in the other without end; such an action returns, and
    /// the loop that scheduled it goes on.</remarks>
    private void Run()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _schedulingThread) == thread)
        {
            _ranInside = true;
            return;
        }

        do
        {
            if (!RunBatch(_batchSize))
            {
                return;
            }

            _ranInside = false;
            Volatile.Write(ref _schedulingThread, thread);
            try
            {
                ScheduleOrEnd();
            }
            finally
            {
                Interlocked.CompareExchange(ref _schedulingThread, 0, thread);
            }
        }
        while (_ranInside);
    }
}
