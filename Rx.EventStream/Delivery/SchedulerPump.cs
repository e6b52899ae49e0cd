using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Rx.Delivery;

/// <summary>Delivers in actions of any scheduler, a bounded batch in each.</summary>
internal sealed class SchedulerPump<T> : Pump<T>
{
    private readonly IScheduler _scheduler;
    private readonly int _batchSize;

    /// <summary>What was scheduled last, to be cancelled. Written by the thread that schedules, read by the thread that disposes; both
    /// plain: a cancellation that misses costs an action that finds the pump ended.</summary>
    private IDisposable? _scheduled;

    private SchedulingState _scheduling;

    internal SchedulerPump(in PumpSetup<T> setup, int batchSize)
        : base(setup)
    {
        _scheduler = setup.Scheduler;
        _batchSize = batchSize;
    }

    private protected override int LingerSpins => 0;

    private protected override void Schedule() =>
        _scheduled = _scheduler.Schedule(this, static (_, pump) =>
        {
            pump.Run();
            return Disposable.Empty;
        });

    private protected override void OnDisposed() => _scheduled?.Dispose();

    /// <remarks>A scheduler that runs actions at once would nest one batch in the other without end; such an action returns, and
    /// the loop that scheduled it continues.</remarks>
    private void Run()
    {
        if (_scheduling.TryNoteInside())
        {
            return;
        }

        do
        {
            if (!RunBatch(_batchSize))
            {
                return;
            }

            _scheduling.Enter();
            try
            {
                ScheduleOrEnd();
            }
            finally
            {
                _scheduling.Leave();
            }
        }
        while (_scheduling.HasRun);
    }
}
