namespace Rx.Benchmarks.Work;

/// <summary>An observer that does next to nothing, and says when it has had all.</summary>
internal sealed class Counter(int expected, Countdown done) : IObserver<int>
{
    private int _count;
    private long _sum;

    /// <summary>So that the work is not to be left out.</summary>
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
