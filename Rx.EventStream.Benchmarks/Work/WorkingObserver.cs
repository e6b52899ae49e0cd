namespace Rx.Benchmarks.Work;

/// <summary>An observer that works for about 100 ns at each event, and signals once it has every event.</summary>
internal sealed class WorkingObserver(int expected, Countdown done) : IObserver<int>
{
    private int _count;
    private ulong _result;

    /// <summary>Keeps the compiler from removing the work.</summary>
    public ulong Result => _result;

    public void OnNext(int value)
    {
        _result ^= CalibratedWork.Do((ulong)value);
        if (++_count == expected)
        {
            done.Signal();
        }
    }

    public void OnError(Exception error) => done.Fail(error);

    public void OnCompleted()
    {
    }
}
