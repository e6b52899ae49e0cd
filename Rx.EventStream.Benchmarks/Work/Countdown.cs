using System.Runtime.ExceptionServices;

namespace Rx.Benchmarks.Work;

/// <summary>Waits until every observer has every event.</summary>
internal sealed class Countdown(int count)
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    private readonly CountdownEvent _left = new(count);
    private Exception? _error;

    /// <summary>Starts again with all observers. Must not be called while an observer can still signal.</summary>
    public void Reset() => _left.Reset();

    public void Signal() => _left.Signal();

    /// <summary>Ends the wait with an error.</summary>
    public void Fail(Exception error)
    {
        Volatile.Write(ref _error, error);
        _left.Signal(_left.CurrentCount);
    }

    /// <exception cref="TimeoutException">An observer does not have every event after a minute, so events were lost.</exception>
    public void Wait()
    {
        if (!_left.Wait(_limit))
        {
            throw new TimeoutException($"{_left.CurrentCount} of {count} observers do not have every event after {_limit.TotalSeconds:0} seconds.");
        }

        if (Volatile.Read(ref _error) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }
}
