using System.Diagnostics;

namespace Rx.Nats.Handling;

/// <summary>How far the calls of one partition have come: which events are not handled yet, and whether calls may begin.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// It moves through three states, in this order:
/// <list type="bullet">
/// <item><b>Running</b>: calls begin.</item>
/// <item><b>Stopping</b>, after <see cref="Stop"/>: calls that run may end; no call begins.</item>
/// <item><b>Idle</b>, when the last call has returned: <see cref="Position"/> does not change any more.</item>
/// </list>
/// The checkpoint is <see cref="Position"/>: the first event that is not handled, or the place that reading has reached if all are.
/// <para><b>Concurrency.</b> Any thread; one lock. Only the reading task adds events, in order.</para>
/// </remarks>
internal sealed class PartitionProgress<T>(long start)
{
    private readonly Lock _lock = new();

    /// <summary>The events that were added and are not settled: the first is not handled.</summary>
    private readonly Queue<NatsEvent<T>> _unhandled = new();

    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The place before which all events of the partition were added.</summary>
    private long _readTo = start;

    private int _running;
    private bool _isStopping;

    /// <summary>Completes in state Idle.</summary>
    internal Task Idle => _idle.Task;

    /// <summary>The sequence number of the first event that is not handled.</summary>
    internal long Position
    {
        get
        {
            lock (_lock)
            {
                return _unhandled.TryPeek(out NatsEvent<T>? first) ? first.Sequence : _readTo;
            }
        }
    }

    /// <summary>The place from which on events must be added.</summary>
    internal long ReadTo
    {
        get
        {
            lock (_lock)
            {
                return _readTo;
            }
        }
    }

    /// <summary>Whether it is in state Running.</summary>
    internal bool IsRunning
    {
        get
        {
            lock (_lock)
            {
                return !_isStopping;
            }
        }
    }

    /// <summary>Adds an event that calls can have begun or even ended for, and moves <see cref="ReadTo"/> over it.</summary>
    internal void Add(NatsEvent<T> e)
    {
        lock (_lock)
        {
            Debug.Assert(e.Sequence >= _readTo, "Events are added in order, each once.");
            _readTo = e.Sequence + 1;
            if (!e.IsHandled)
            {
                _unhandled.Enqueue(e);
            }
        }
    }

    /// <summary>Moves <see cref="ReadTo"/> over events of other partitions. A smaller number changes nothing.</summary>
    /// <remarks>Only in state Running: later, events of this partition that are read are not added any more.</remarks>
    internal void AdvanceTo(long readTo)
    {
        lock (_lock)
        {
            _readTo = _isStopping ? _readTo : Math.Max(_readTo, readTo);
        }
    }

    /// <summary>Begins a call. False if no call may begin any more.</summary>
    internal bool TryBegin()
    {
        lock (_lock)
        {
            _running += _isStopping ? 0 : 1;
            return !_isStopping;
        }
    }

    /// <summary>Notes that an event is handled, before its call ends.</summary>
    internal void Settle(NatsEvent<T> e)
    {
        lock (_lock)
        {
            e.IsHandled = true;
            while (_unhandled.TryPeek(out NatsEvent<T>? first) && first.IsHandled)
            {
                _unhandled.Dequeue();
            }
        }
    }

    /// <summary>Ends a call that has begun.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _running--;
            CompleteIfIdle();
        }
    }

    /// <summary>Running → Stopping. In the other states it does nothing.</summary>
    internal void Stop()
    {
        lock (_lock)
        {
            _isStopping = true;
            CompleteIfIdle();
        }
    }

    private void CompleteIfIdle()
    {
        if (_isStopping && _running == 0)
        {
            _idle.TrySetResult();
        }
    }
}
