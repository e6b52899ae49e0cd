namespace Rx.Benchmarks.Work;

/// <summary>Sums batches, and says when it has had all events.</summary>
internal sealed class BatchCounter(int expected, Countdown done) : IObserver<ReadOnlyMemory<int>>
{
    private int _count;
    private long _sum;

    /// <summary>So that the work is not to be left out.</summary>
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
