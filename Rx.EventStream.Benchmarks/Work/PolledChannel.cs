using System.Reactive.Disposables;
using System.Threading.Channels;

namespace Rx.Benchmarks.Work;

/// <summary>A channel whose reader has a thread that never sleeps.</summary>
internal sealed class PolledChannel<T> : IObserver<T>, IObservable<T>, IDisposable
{
    private readonly Channel<T> _channel = ChannelFanOut.Open<T>(1, isSingle: true)[0];
    private volatile bool _isDisposed;

    public void OnNext(T value) => _channel.Writer.TryWrite(value);

    public void OnError(Exception error) => throw error;

    public void OnCompleted()
    {
    }

    public IDisposable Subscribe(IObserver<T> observer)
    {
        new Thread(() => Poll(observer)) { IsBackground = true }.Start();
        return Disposable.Empty;
    }

    public void Dispose() => _isDisposed = true;

    private void Poll(IObserver<T> observer)
    {
        while (!_isDisposed)
        {
            if (_channel.Reader.TryRead(out T? value))
            {
                observer.OnNext(value);
            }
            else
            {
                Thread.SpinWait(1);
            }
        }
    }
}
