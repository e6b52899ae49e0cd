namespace Rx.Benchmarks.Work;

/// <summary>An observer of the shared stream that does almost nothing. Its task completes once it has every event, in order.</summary>
internal sealed class TickCounter(int expected) : IObserver<Sequenced<Tick>>
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private long _sum;

    public Task All => _all.Task;

    /// <summary>Keeps the compiler from removing the work.</summary>
    public long Sum => _sum;

    public void OnNext(Sequenced<Tick> value)
    {
        _sum += value.Value.Number;
        _count++;
        if (value.Sequence != _count)
        {
            _all.TrySetException(new InvalidOperationException($"Event {value.Sequence} arrived instead of event {_count}."));
        }

        if (_count == expected)
        {
            _all.TrySetResult();
        }
    }

    public void OnError(Exception error) => _all.TrySetException(error);

    public void OnCompleted()
    {
    }
}
