namespace Rx.Benchmarks.Work;

/// <summary>Sums the events of batches, and signals once it has every event.</summary>
internal sealed class BatchCounter(int expected, Countdown done) : IObserver<ReadOnlyMemory<int>>
{
    private int _count;
    private long _sum;

    /// <summary>Keeps the compiler from removing the work.</summary>
    public long Sum => _sum;

    public void OnNext(ReadOnlyMemory<int> batch)
    {
        long sum = 0;
        foreach (int value in batch.Span)
        {
            sum += value;
        }

        _sum += sum;
        _count += batch.Length;
        if (_count == expected)
        {
            done.Signal();
        }
    }

    public void OnError(Exception error) => done.Fail(error);

    public void OnCompleted()
    {
    }
}
