using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Calls that both deliveries make.</summary>
internal static class Observers
{
    /// <summary>Tells an observer how the stream ended. A stream that was disposed tells nobody.</summary>
    internal static void Notify<T>(IObserver<T>? observer, Termination? termination)
    {
        if (observer is null || termination is null || ReferenceEquals(termination, Termination.Disposed))
        {
            return;
        }

        if (termination.Error is { } error)
        {
            observer.OnError(error);
        }
        else
        {
            observer.OnCompleted();
        }
    }
}
