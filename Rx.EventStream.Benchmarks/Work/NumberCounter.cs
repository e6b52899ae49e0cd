namespace Rx.Benchmarks.Work;

/// <summary>What <see cref="Counter"/> is, for a <see cref="Number"/>.</summary>
internal sealed class NumberCounter(int expected, Countdown done) : IObserver<Number>
{
    private int _count;
    private long _sum;

    /// <summary>Keeps the compiler from removing the work.</summary>
    public long Sum => _sum;

    public void OnNext(Number value)
    {
        _sum += value.Value;
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
