namespace Rx.Benchmarks.Work;

/// <summary>An observer that calls something with each event.</summary>
internal sealed class Caller<T>(Action<T> onNext) : IObserver<T>
{
    public void OnNext(T value) => onNext(value);

    public void OnError(Exception error) => throw error;

    public void OnCompleted()
    {
    }
}
