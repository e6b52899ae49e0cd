namespace Rx.Storage;

/// <summary>The entry of one cursor's owner on the stack of the parked: made once, and on the stack at most once.</summary>
/// <remarks>
/// It is an object of its own so that an owner that was disposed or stopped waiting is collectable at once, while its
/// entry stays where a stack cannot take it out.
/// </remarks>
internal sealed class Waiter
{
    /// <summary>The entry below; written by whoever pushes, read by whoever took the stack.</summary>
    internal Waiter? Below;

    /// <summary>Who waits, or null when nobody does any more. Written by the owner, read by whoever took the stack.</summary>
    private IParked? _owner;

    /// <summary>1 from before a push until the entry was taken. Exchanged by the owner and by whoever took the stack.</summary>
    private int _isOnStack;

    internal IParked? Owner => Volatile.Read(ref _owner);

    internal bool IsOnStack => Volatile.Read(ref _isOnStack) != 0;

    /// <summary>Says who is to be woken; true if the entry must be pushed, false if it is still on the stack.</summary>
    /// <remarks>
    /// <code>
    /// P (owner): owner := me;     full fence; is it on the stack? then leave it there
    /// C (taker): taken off stack; full fence; whose is it?        then wake that one
    /// </code>
    /// With a fence on each side one of them sees the other.
    /// </remarks>
    internal bool Arm(IParked owner)
    {
        Volatile.Write(ref _owner, owner);
        return Interlocked.Exchange(ref _isOnStack, 1) == 0;
    }

    /// <summary>Forgets who waits. Called by the owner, or by whoever disposes it.</summary>
    internal void Disarm() => Volatile.Write(ref _owner, null);

    /// <summary>Says that the entry was taken off the stack, and returns who waits.</summary>
    internal IParked? Take()
    {
        Interlocked.Exchange(ref _isOnStack, 0);
        return Volatile.Read(ref _owner);
    }
}
