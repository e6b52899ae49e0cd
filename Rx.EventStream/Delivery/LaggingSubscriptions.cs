namespace Rx.Delivery;

/// <summary>Subscriptions of which some have not consumed everything before a sequence number yet.</summary>
/// <remarks>Each is looked at until it has, and then no more: however often callers ask, a subscription that has is passed once.</remarks>
internal sealed class LaggingSubscriptions(EventSubscription[] subscriptions, long sequence)
{
    /// <summary>How many of them have, one after the other. Any thread moves it on with release; one that moves it back only has others look
    /// again.</summary>
    private int _passed;

    internal bool HaveCaughtUp()
    {
        int passed = Volatile.Read(ref _passed);
        while (passed < subscriptions.Length && subscriptions[passed].HasConsumed(sequence))
        {
            passed++;
        }

        Volatile.Write(ref _passed, passed);
        return passed == subscriptions.Length;
    }
}
