using System.Reactive.Disposables;

namespace Rx.Benchmarks.Work;

/// <summary>One number that a thread which never sleeps waits for. The next one may be stored only after this one was read.</summary>
internal sealed class PolledField : IObserver<long>, IObservable<long>, IObserver<int>, IObservable<int>, IDisposable
{
    private const long None = 0;

    private long _value = None;
    private volatile bool _isDisposed;

    public void OnNext(long value) => Volatile.Write(ref _value, value);

    public void OnNext(int value) => OnNext((long)value);

    public void OnError(Exception error) => throw error;

    public void OnCompleted()
    {
    }

    public IDisposable Subscribe(IObserver<long> observer)
    {
        new Thread(() => Poll(observer.OnNext)) { IsBackground = true }.Start();
        return Disposable.Empty;
    }

    public IDisposable Subscribe(IObserver<int> observer)
    {
        new Thread(() => Poll(value => observer.OnNext((int)value))) { IsBackground = true }.Start();
        return Disposable.Empty;
    }

    public void Dispose() => _isDisposed = true;

    private void Poll(Action<long> observe)
    {
        long seen = None;
        while (!_isDisposed)
        {
            long value = Volatile.Read(ref _value);
            if (value != seen)
            {
                seen = value;
                observe(value);
            }
            else
            {
                Thread.SpinWait(1);
            }
        }
    }
}
