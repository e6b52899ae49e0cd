namespace Rx.Delivery;

/// <summary>A view whose observers get something else than the plain events.</summary>
internal sealed class AdaptedObservable<T, TResult>(EventObservable<T> view, Func<IObserver<TResult>, IObserver<T>> adapt) : IObservable<TResult>
{
    public IDisposable Subscribe(IObserver<TResult> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return view.Subscribe(adapt(observer));
    }
}
