using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Rx.Delivery;

/// <summary>Delivers in actions of any scheduler, a bounded batch in each.</summary>
internal sealed class SchedulerPump<T> : Pump<T>
{
    private readonly int _batchSize;

    /// <summary>How many of the stream's pumps are on the scheduler; null before the pump starts, and where each batch is one event anyway.
    /// Written with release by the subscribing thread, read with acquire by the thread that runs the pump; exchanged by the thread that
    /// leaves.</summary>
    private SharedScheduler? _shared;

    /// <summary>Its turn, if it takes turns, while it is subscribed. Written with release by the subscribing thread, read with acquire by the
    /// thread that runs the pump; exchanged by the thread that leaves.</summary>
    private PumpTurn<T>? _turn;

    /// <summary>What was scheduled last, to be cancelled. Written by the thread that schedules, read by the thread that disposes; both
    /// plain: a cancellation that misses costs an action that finds the pump ended.</summary>
    private IDisposable? _scheduled;

    private SchedulingState _scheduling;

    /// <summary>The thread that subscribed, while it runs the pump for the first time on <see cref="CurrentThreadScheduler"/>; else 0. Written by that
    /// thread alone; another one reads 0 or that.</summary>
    private int _startingThread;

    /// <summary>For the starting thread.</summary>
    private CatchUpRounds _rounds;

    /// <summary>Written with release by the starting thread, read with acquire by the draining thread.</summary>
    private bool _isLeft;

    internal SchedulerPump(in PumpSetup<T> setup, int batchSize)
        : base(setup)
    {
        _batchSize = batchSize;
    }

    /// <summary>The scheduler's queue then gives the order in which events are published. A task factory may run actions at the same time, so there
    /// it gives none, unless each action has one event.</summary>
    internal override bool TakesTurn => _batchSize == 1 || Scheduler is not TaskPoolScheduler;

    /// <summary>One event where another observer of the stream is on the same scheduler, so that observers are called in turn, as with Rx.
    /// Whether the scheduler runs one action at a time is not known.</summary>
    private int BatchSize => Volatile.Read(ref _shared) is { Count: > 1 } ? 1 : _batchSize;

    private protected override int LingerSpins => 0;

    private protected override void Schedule() =>
        _scheduled = Scheduler.Schedule(this, static (_, pump) =>
        {
            pump.Run();
            return Disposable.Empty;
        });

    private protected override void OnStarting(PumpList<T> subscriptions, InlineDelivery<T>? inline)
    {
        if (_batchSize > 1)
        {
            Volatile.Write(ref _shared, subscriptions.Share(Scheduler));
        }

        if (inline is not null)
        {
            Volatile.Write(ref _turn, inline.AddTurn(this));
            if (Scheduler is CurrentThreadScheduler)
            {
                long sequence = Sequence;
                _rounds = new CatchUpRounds(sequence, sequence + Lag);
                _startingThread = Environment.CurrentManagedThreadId;
            }
        }

        if (IsDisposed)
        {
            OnLeaving(subscriptions, isDisposed: false); // disposed before these were known
        }
    }

    private protected override bool IsCalledAt(long sequence) => Volatile.Read(ref _turn) is { } turn && sequence >= turn.First;

    private protected override long Granted => Volatile.Read(ref _turn)?.Granted ?? long.MaxValue;

    private protected override void OnLeaving(PumpList<T> subscriptions, bool isDisposed)
    {
        Interlocked.Exchange(ref _turn, null)?.Dispose();
        if (Interlocked.Exchange(ref _shared, null) is { } shared)
        {
            subscriptions.Leave(shared);
        }
    }

    /// <remarks>At once, so that what is due comes at the tick when it is due.</remarks>
    internal override void WakeOnTime()
    {
        if (TryWake())
        {
            Run();
        }
    }

    private protected override void OnDisposed() => _scheduled?.Dispose();

    private protected override bool IsLeft => Volatile.Read(ref _isLeft);

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
            if (!RunBatch(BatchSize))
            {
                if (_startingThread == Environment.CurrentManagedThreadId)
                {
                    _startingThread = 0;
                }

                return;
            }

            if (_startingThread != 0 && LeavesRest())
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

    /// <summary>Whether the starting thread has left the rest to a publisher. The observer would keep it otherwise, for as long as it is slower than the
    /// publishers.</summary>
    private bool LeavesRest()
    {
        long sequence = Sequence;
        if (_startingThread != Environment.CurrentManagedThreadId
            || sequence < _rounds.Next
            || !_rounds.BeginNext(sequence, sequence + Lag)
            || !IsCalledAt(sequence))
        {
            return false;
        }

        Volatile.Write(ref _isLeft, true);
        bool isTaken = TryLeaveToPublisher();
        Volatile.Write(ref _isLeft, false);
        if (isTaken)
        {
            _startingThread = 0;
        }

        return isTaken;
    }
}
