namespace Rx.Benchmarks.Work;

/// <summary>An observer of the shared stream that does next to nothing, and tells when it has had all, in order.</summary>
internal sealed class TickCounter(int expected) : IObserver<Sequenced<Tick>>
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private long _sum;

    public Task All => _all.Task;

    /// <summary>So that the work is not to be left out.</summary>
    public long Sum => _sum;

    public void OnNext(Sequenced<Tick> value)
    {
        _sum += value.Value.Number;
        _count++;
        if (value.Sequence != _count)
        {
            _all.TrySetException(new InvalidOperationException($"Event {value.Sequence} came where {_count} should have."));
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
