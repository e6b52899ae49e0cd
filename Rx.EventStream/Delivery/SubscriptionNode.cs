using System.Runtime.CompilerServices;

namespace Rx.Delivery;

/// <summary>A place in the list of subscriptions.</summary>
/// <remarks>It is an object of its own so that a disposed subscription, which somebody may hold for long, does not hold
/// those that came after it by the link that walkers still need.</remarks>
internal sealed class SubscriptionNode(EventSubscription subscription)
{
    /// <summary>The next node. Written under the list's lock with release, read with acquire by walkers; it stays as it was when
    /// the node leaves the list, so that a walk which stands on it goes on.</summary>
    private SubscriptionNode? _next;

    /// <summary>The node before; read and written under the list's lock.</summary>
    internal SubscriptionNode? Previous;

    internal EventSubscription Subscription => subscription;

    internal SubscriptionNode? Next
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }
}
