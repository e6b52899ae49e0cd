using Rx.Storage;

namespace Rx.Delivery;

/// <summary>What both deliveries tell observers at the end.</summary>
internal static class Observers
{
    /// <summary>Tells an observer how the stream ended. A stream that was disposed tells no observer.</summary>
    internal static void Notify<T>(IObserver<T>? observer, Termination? termination)
    {
        if (observer is null || termination is null || termination.IsDisposal)
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

    /// <summary>The error of a subscriber whose cursor lagged too far.</summary>
    internal static SubscriberLaggedException LaggedError<T>(string? name, in Cursor<T> cursor) =>
        new(name, cursor.Sequence, cursor.Limit!);
}
