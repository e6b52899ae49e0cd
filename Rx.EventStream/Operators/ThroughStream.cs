using System.Reactive.Disposables;
using System.Reactive.Linq;

namespace Rx.Operators;

/// <summary>Puts a stream of its own between the source and each observer: the stream is observed first and then fed.</summary>
/// <remarks>Unlike Rx's <c>Create</c> it puts nothing else in between, so an observer that throws ends as its scheduler decides.</remarks>
internal sealed class ThroughStream<T, TResult>(IObservable<T> source, Func<EventStream<T>, IObservable<TResult>> observe) : IObservable<TResult>
{
    public IDisposable Subscribe(IObserver<TResult> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var stream = new EventStream<T>();
        var upstream = new SingleAssignmentDisposable();
        var observed = (EventSubscription)observe(stream).Subscribe(observer);

        // However the subscription ends, disposed, completed, lagged too far or thrown: the source must not go on for it.
        observed.OnEnded(upstream.Dispose);
        try
        {
            upstream.Disposable = source.SubscribeSafe(stream);
        }
        catch
        {
            observed.Dispose();
            throw;
        }

        return observed;
    }
}
