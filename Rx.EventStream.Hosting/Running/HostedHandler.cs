namespace Rx.Hosting.Running;

/// <summary>A handler that runs.</summary>
/// <param name="Subscription">Its subscription, from the stream's first event on.</param>
/// <param name="Ended">Completes when it has ended, and its last call has returned.</param>
internal sealed record HostedHandler(EventSubscription Subscription, Task Ended)
{
    internal string Name => Subscription.Name!;

    /// <summary>Ends the handler, and counts the events that it has not handled.</summary>
    /// <param name="published">How many events were published; the stream has ended.</param>
    /// <remarks>A call that still runs is canceled, and its event counts as not handled.</remarks>
    internal long Abandon(long published)
    {
        Subscription.Dispose();
        return published - Subscription.Delivered - Subscription.Dropped; // it has joined at sequence number 0
    }
}
