using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Runtime.ExceptionServices;

namespace Rx.Operators;

/// <summary>Subscribes to a source so that a hot source's next event is not lost, and a source that must wait can wait.</summary>
internal static class SourceSubscription
{
    /// <summary>Subscribes before it returns, or, to a source that has to wait inside <c>Subscribe</c>, until it waits.</summary>
    /// <remarks>
    /// Without <see cref="LagPolicy.Wait"/> no source waits, and the calling thread subscribes, as with Rx's own <c>ToAsyncEnumerable</c>.
    /// </remarks>
    internal static IDisposable Subscribe<T>(IObservable<T> source, IObserver<T> observer, LagPolicy lag, CancellationToken cancellationToken)
    {
        if (!lag.WaitsWhenFull)
        {
            return source.SubscribeSafe(observer);
        }

        var subscription = new Waiting<T>(observer, lag.Capacity);
        subscription.Start(source);
        try
        {
            subscription.WaitUntilSubscribed(cancellationToken);
        }
        catch
        {
            subscription.Dispose();
            throw;
        }

        return subscription;
    }

    /// <summary>A subscription made by a thread of its own: a source that produces inside <c>Subscribe</c> fills the reader's capacity
    /// there, and then waits for the reader, so the reader's thread must not be the one that subscribes.</summary>
    private sealed class Waiting<T>(IObserver<T> observer, int capacity) : IObserver<T>, IDisposable
    {
        /// <summary>Ends the subscription: its own handle comes only when a source has produced everything.</summary>
        private readonly CancellationDisposable _cancellation = new();

        /// <summary>Set when <c>Subscribe</c> has returned, or the source waits inside it.</summary>
        private readonly ManualResetEventSlim _isSubscribed = new();

        /// <summary>How many events the source has begun to publish inside <c>Subscribe</c>. Counted by the threads it publishes on.</summary>
        private int _begun;

        public void OnNext(T value)
        {
            // Counted before publishing: of several threads the last one that is too many counts highest, so one of them says so.
            if (!_isSubscribed.IsSet && Interlocked.Increment(ref _begun) > capacity)
            {
                _isSubscribed.Set();
            }

            observer.OnNext(value);
        }

        public void OnError(Exception error) => observer.OnError(error);

        public void OnCompleted() => observer.OnCompleted();

        /// <remarks>Throws what disposing the source throws, and not the exception that a cancelled token makes of it.</remarks>
        public void Dispose()
        {
            try
            {
                _cancellation.Dispose();
            }
            catch (AggregateException error) when (error.InnerExceptions is [var only])
            {
                ExceptionDispatchInfo.Throw(only);
            }
        }

        /// <summary>A thread, not the pool: it may wait for as long as the reader takes, and the reader may need the pool.</summary>
        internal void Start(IObservable<T> source) =>
            new Thread(() => Subscribe(source)) { IsBackground = true, Name = "Rx.EventStream.ReadAllAsync" }.Start();

        internal void WaitUntilSubscribed(CancellationToken cancellationToken) => _isSubscribed.Wait(cancellationToken);

        private void Subscribe(IObservable<T> source)
        {
            try
            {
                source.TakeUntil(_cancellation.Token).SubscribeSafe(this);
            }
            catch (Exception error)
            {
                observer.OnError(error); // or it would end the process
            }
            finally
            {
                _isSubscribed.Set();
            }
        }
    }
}
