namespace Rx.Benchmarks.Work;

/// <summary>An observer that does almost nothing, and signals once it has every event.</summary>
internal sealed class Counter(int expected, Countdown done) : IObserver<int>
{
    private int _count;
    private long _sum;

    /// <summary>Keeps the compiler from removing the work.</summary>
    public long Sum => _sum;

    public void OnNext(int value)
    {
        _sum += value;
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
