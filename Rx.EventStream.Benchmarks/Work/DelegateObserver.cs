namespace Rx.Benchmarks.Work;

/// <summary>An observer that calls a delegate with each event.</summary>
internal sealed class DelegateObserver<T>(Action<T> onNext) : IObserver<T>
{
    public void OnNext(T value) => onNext(value);

    public void OnError(Exception error) => throw error;

    public void OnCompleted()
    {
    }
}
