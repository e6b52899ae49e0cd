namespace Rx.Storage;

/// <summary>The parked cursors of a log: a stack onto which each pushes itself, and which is only ever taken whole.</summary>
/// <remarks>
/// Because nothing is popped singly there is no ABA problem. Lock-free. A mutable struct: always used in place.
/// </remarks>
internal struct WaiterStack
{
    /// <summary>The newest entry. CAS by those who park, exchanged with null by those who wake; both are full fences.</summary>
    private Waiter? _top;

    /// <summary>Entries whose owner was disposed while on the stack; a hint that tells when sweeping pays.</summary>
    private int _abandoned;

    internal readonly bool IsEmpty => _top is null; // plain: callers say in which order they look

    internal void Push(Waiter waiter) => PushChain(waiter, waiter);

    /// <summary>Takes every entry; the caller must wake each owner.</summary>
    internal Waiter? TakeAll()
    {
        // The look first saves the interlocked operation when another thread was faster.
        return Volatile.Read(ref _top) is null ? null : Interlocked.Exchange(ref _top, null);
    }

    /// <summary>Notes an entry that nobody waits behind any more; true when there are enough of them to be worth a sweep.</summary>
    /// <param name="live">About how many entries could be waited behind.</param>
    internal bool Abandon(int live) => Interlocked.Increment(ref _abandoned) > live + 32;

    /// <summary>Takes every entry and wakes who waits behind it.</summary>
    internal void WakeAll() => WakeChain(TakeAll());

    /// <summary>Wakes who waits behind the entries of a taken stack.</summary>
    internal static void WakeChain(Waiter? waiter)
    {
        while (waiter is not null)
        {
            Waiter? below = waiter.Below; // before Take: from then on the entry may be pushed again
            waiter.Take()?.Wake();
            waiter = below;
        }
    }

    /// <summary>Drops the entries nobody waits behind, so that parking and disposing on a quiet log costs no memory.</summary>
    /// <remarks>
    /// A writer that looks while the entries are off the stack wakes nobody. All entries without an event wait for the
    /// same slot, the first unpublished one, so after putting them back one look, made as by one who parks, tells
    /// whether that happened.
    /// </remarks>
    internal void Sweep()
    {
        Volatile.Write(ref _abandoned, 0);
        Waiter? first = null;
        Waiter? last = null;
        IParked? witness = null;
        for (Waiter? waiter = TakeAll(); waiter is not null;)
        {
            Waiter? below = waiter.Below;
            if (waiter.Owner is { } owner && !owner.IsReadyWhileParked)
            {
                waiter.Below = first;
                first = waiter;
                last ??= waiter;
                witness = owner;
            }
            else
            {
                // Nobody, or somebody who was overlooked while the entries were in this method's hands.
                waiter.Take()?.Wake();
            }

            waiter = below;
        }

        if (first is not null)
        {
            PushChain(first, last!);
            if (witness!.IsReadyWhileParked)
            {
                WakeAll();
            }
        }
    }

    private void PushChain(Waiter first, Waiter last)
    {
        Waiter? top = Volatile.Read(ref _top);
        while (true)
        {
            last.Below = top;
            // Publishes the entries and their owners' state; pairs with the exchange in TakeAll.
            Waiter? seen = Interlocked.CompareExchange(ref _top, first, top);
            if (ReferenceEquals(seen, top))
            {
                return;
            }

            top = seen;
        }
    }
}
