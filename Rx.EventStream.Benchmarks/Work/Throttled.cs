namespace Rx.Benchmarks.Work;

/// <summary>A consumer, and a publisher that waits while the consumer lags too far: a long run, in which memory is freed.</summary>
internal sealed class Throttled<T>(int events) : IObserver<T>
{
    /// <summary>The most events that the consumer can lag before the publisher waits.</summary>
    private const int MaxLag = 20_000;

    private readonly Countdown _done = new(1);
    private long _consumed;

    public void Run(Func<int, T> create, Action<T> publish)
    {
        for (int i = 0; i < events; i++)
        {
            if (i - Volatile.Read(ref _consumed) >= MaxLag - 1)
            {
                var wait = new SpinWait();
                while (i - Volatile.Read(ref _consumed) >= MaxLag / 2)
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                }
            }

            publish(create(i));
        }

        _done.Wait();
    }

    public void OnNext(T value)
    {
        long consumed = _consumed + 1;
        Volatile.Write(ref _consumed, consumed);
        if (consumed == events)
        {
            _done.Signal();
        }
    }

    public void OnError(Exception error) => _done.Fail(error);

    public void OnCompleted()
    {
    }
}
