namespace Rx;

public sealed partial class EventObservable<T>
{
    /// <summary>An observable whose observers get something other than the plain events.</summary>
    private sealed class Adapted<TResult>(EventObservable<T> source, Func<IObserver<TResult>, IObserver<T>> adapt) : IObservable<TResult>
    {
        public IDisposable Subscribe(IObserver<TResult> observer)
        {
            ArgumentNullException.ThrowIfNull(observer);
            return source.Subscribe(adapt(observer));
        }
    }
}
