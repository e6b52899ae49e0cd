using System.Runtime.ExceptionServices;

namespace Rx.Benchmarks.Work;

/// <summary>Waits until everyone has had everything.</summary>
internal sealed class Countdown(int count)
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    private readonly CountdownEvent _left = new(count);
    private Exception? _error;

    /// <summary>Begins again with all of them. Called when nobody is to signal any more.</summary>
    public void Reset() => _left.Reset();

    public void Signal() => _left.Signal();

    /// <summary>Ends the waiting with an error.</summary>
    public void Fail(Exception error)
    {
        Volatile.Write(ref _error, error);
        _left.Signal(_left.CurrentCount);
    }

    /// <exception cref="TimeoutException">Somebody has not had everything after a minute: events were lost.</exception>
    public void Wait()
    {
        if (!_left.Wait(_limit))
        {
            throw new TimeoutException($"{_left.CurrentCount} of {count} have not had all events after {_limit.TotalSeconds:0} seconds.");
        }

        if (Volatile.Read(ref _error) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }
}
