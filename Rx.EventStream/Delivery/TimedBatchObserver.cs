using System.Diagnostics.CodeAnalysis;
using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers full batches, and one that is not full when its time is over, or the stream has ended.</summary>
/// <remarks>
/// A batch that fills is nothing but a number of events before which the cursor stays: they lie in the log, count as lag, and hold publishers
/// back as a <see cref="LagPolicy"/> says. So a batch is full, too, when it has as many events as the policy lets wait.
/// <para>A pump that parks while a batch fills awaits the event after those, or the timer:</para>
/// <code>
/// T (timer): IsOver := true;   full fence;  state is Parked?  wake
/// C (pump):  state := Parked (full fence);  IsOver?           wake
/// </code>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The subscription releases it, once it has ended.")]
internal sealed class TimedBatchObserver<T>(IObserver<ReadOnlyMemory<T>> observer, int maxCount, TimeSpan maxDelay)
    : BatchObserver<T>(observer, maxCount, minCount: maxCount)
{
    /// <summary>The timer of the batch that fills, or of none.</summary>
    private readonly SerialDisposable _timer = new();

    /// <summary>The pump, its clock and the number of events that make a batch full. Set before the first event.</summary>
    private Pump<T>? _pump;
    private IScheduler? _clock;
    private int _fullCount;

    /// <summary>The first sequence number that was not seen yet. Written with release by the thread that runs the pump; read with acquire by
    /// any thread.</summary>
    private long _seenTo;

    /// <summary>The batch that fills, or null while there is no event for one. Written with release by the thread that runs the pump; read
    /// with acquire by any thread.</summary>
    private Filling? _filling;

    internal override bool IsDue => Volatile.Read(ref _filling) is { IsOver: true };

    public override void OnSubscribed(EventSubscription subscription)
    {
        if (subscription is InlineSubscription<T>)
        {
            throw new InvalidOperationException(
                "Batch with a maxDelay needs a scheduler: on the publishing thread an observer is called before OnNext returns, so no event " +
                "waits for others. Name a scheduler with ObserveOn, before Batch, or use Batch(maxCount).");
        }
    }

    internal override void OnPumped(Pump<T> pump, in PumpSetup<T> setup, LagPolicy policy)
    {
        _pump = pump;
        // Those two would put the thread to sleep that publishes, or one more.
        _clock = pump is ThreadPump<T> || setup.Scheduler is CurrentThreadScheduler ? DefaultScheduler.Instance : setup.Scheduler;
        _fullCount = policy.Capacity == 0 ? MaxCount : Math.Min(MaxCount, policy.Capacity);
    }

    internal override bool IsDueOwned(ref Cursor<T> cursor, EventLog<T> log, long granted)
    {
        if (!base.IsDueOwned(ref cursor, log, granted))
        {
            return false;
        }

        long start = cursor.Sequence; // after the look, which may have skipped events
        long seenTo = Math.Max(start, _seenTo);
        seenTo += cursor.CountPublished(seenTo, (int)Math.Max(0, Math.Min(granted, start + _fullCount) - seenTo));
        Volatile.Write(ref _seenTo, seenTo);
        if (seenTo - start >= _fullCount || seenTo >= log.End || maxDelay == TimeSpan.Zero)
        {
            return true;
        }

        // Together with the number: after this the pump awaits only later events.
        if (_filling is null)
        {
            StartFilling();
        }

        return IsDue;
    }

    internal override Cursor<T> Awaited(in Cursor<T> cursor) => cursor.LookAt(Volatile.Read(ref _seenTo));

    internal override int DeliverOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted)
    {
        if (!IsDueOwned(ref cursor, log, granted))
        {
            return 0;
        }

        Volatile.Write(ref _filling, null);
        _timer.Disposable = Disposable.Empty;
        return base.DeliverOwned(ref cursor, log, budget, granted);
    }

    internal override void Release()
    {
        base.Release();
        _timer.Dispose();
    }

    private void StartFilling()
    {
        var filling = new Filling(_pump!);
        Volatile.Write(ref _filling, filling);
        _timer.Disposable = _clock!.Schedule(filling, maxDelay, static (_, batch) =>
        {
            batch.End();
            return Disposable.Empty;
        });
    }

    /// <summary>A batch that fills. Each has a flag of its own, so that a timer which comes too late ends no later one.</summary>
    private sealed class Filling(Pump<T> pump)
    {
        private bool _isOver;

        /// <summary>Whether its time is over. Written with release by the timer, read with acquire by any thread.</summary>
        internal bool IsOver => Volatile.Read(ref _isOver);

        internal void End()
        {
            Volatile.Write(ref _isOver, true);
            Interlocked.MemoryBarrier(); // see TimedBatchObserver
            pump.WakeOnTime();
        }
    }
}
