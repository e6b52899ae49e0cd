using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using Rx.Parking;

namespace Rx.Delivery;

/// <summary>Delivers on one long-running thread of its own, which sleeps or spins while there is nothing to do.</summary>
internal sealed class ThreadPump<T> : Pump<T>
{
    private readonly ISchedulerLongRunning _threads;
    private readonly WaitStrategy _waitStrategy;

    /// <summary>Released once for each time the pump is scheduled, and once when it is disposed.</summary>
    private readonly SemaphoreSlim _turns = new(0);

    /// <summary>1 once the thread was asked for. Exchanged by the thread that schedules first.</summary>
    private int _isStarted;

    /// <summary>Disposed when the scheduler wants its thread back. Set once, by that thread.</summary>
    private ICancelable? _cancel;

    internal ThreadPump(in PumpSetup<T> setup, ISchedulerLongRunning threads)
        : base(setup)
    {
        _threads = threads;
        _waitStrategy = setup.WaitStrategy;
    }

    /// <summary>Some two microseconds: whether other threads want the processor is not known here.</summary>
    private protected override int LingerSpins => 64;

    private protected override bool StartsAwake => _waitStrategy.Spins;

    private protected override void Schedule()
    {
        _turns.Release();
        if (Volatile.Read(ref _isStarted) == 0 && Interlocked.Exchange(ref _isStarted, 1) == 0)
        {
            _threads.ScheduleLongRunning(this, static (pump, cancel) => pump.Run(cancel));
        }
    }

    private protected override void OnDisposed() => _turns.Release();

    private protected override bool AwaitsMoreOwned(int run)
    {
        if (base.AwaitsMoreOwned(run))
        {
            return true;
        }

        if (!_waitStrategy.Spins)
        {
            return false;
        }

        PrepareNextOwned();
        Spinner spinner = _waitStrategy.StartSpinning();
        while (spinner.TrySpin())
        {
            if (IsDisposed || _cancel!.IsDisposed || HasEndedOwned())
            {
                return false;
            }

            if (IsDueOwned())
            {
                return true;
            }
        }

        return false;
    }

    private void Run(ICancelable cancel)
    {
        _cancel = cancel;
        while (!IsDisposed && !cancel.IsDisposed)
        {
            try
            {
                _turns.Wait();
            }
            catch (ThreadInterruptedException error)
            {
                EndWith(error);
                throw;
            }

            while (RunBatch(int.MaxValue))
            {
                // The thread is this pump's alone: it continues without a turn.
            }
        }
    }
}
