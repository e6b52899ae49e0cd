namespace Rx.Parking;

/// <summary>The entry of one owner on a stack of parked owners: made once, and on the stack at most once.</summary>
/// <remarks>
/// It is an object of its own so that an owner that was disposed or stopped waiting can be collected at once, while its
/// entry stays on the stack, which cannot remove a single entry.
/// </remarks>
internal sealed class Waiter
{
    /// <summary>The entry below, or null while this one is on no stack: it may live long, and must not keep the others. Written by the thread that
    /// pushes, read and cleared by the thread that took the stack; the stack's CAS and exchange order the two.</summary>
    internal Waiter? Below;

    /// <summary>When the owner's turn comes among the owners that are woken together: lower numbers first, equal ones in the order in which
    /// they parked. Written by the owner before its first push; the stack's CAS publishes it.</summary>
    internal long Order;

    /// <summary>The parked owner, or null when no owner waits. Written by the owner, or the thread that disposes it; read by the
    /// thread that took the stack.</summary>
    private IParked? _owner;

    /// <summary>1 from before a push until the entry was taken. Exchanged by the owner and by the thread that took the stack.</summary>
    private int _isOnStack;

    internal IParked? Owner => Volatile.Read(ref _owner);

    internal bool IsOnStack => Volatile.Read(ref _isOnStack) != 0;

    /// <summary>Sets the owner to be woken; true if the entry must be pushed, false if it is still on the stack.</summary>
    /// <remarks>
    /// <code>
    /// P (owner): owner := me;     full fence; is it on the stack? then leave it there
    /// C (taker): taken off stack; full fence; read the owner;     then wake it
    /// </code>
    /// With a fence on each side one of them sees the other.
    /// </remarks>
    internal bool Arm(IParked owner)
    {
        Volatile.Write(ref _owner, owner);
        return Interlocked.Exchange(ref _isOnStack, 1) == 0;
    }

    /// <summary>Forgets the owner. Called by the owner, or by the thread that disposes it.</summary>
    internal void Disarm() => Volatile.Write(ref _owner, null);

    /// <summary>Notes that the entry was taken off the stack, and returns the owner to wake. The caller has read <see cref="Below"/>.</summary>
    internal IParked? Take()
    {
        Below = null; // before the exchange, after which the owner may push the entry again
        Interlocked.Exchange(ref _isOnStack, 0);
        return Volatile.Read(ref _owner);
    }
}
