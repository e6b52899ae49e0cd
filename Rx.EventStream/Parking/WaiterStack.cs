namespace Rx.Parking;

/// <summary>Parked owners: a stack onto which each pushes itself, and which is only ever taken whole.</summary>
/// <remarks>
/// Because no entry is popped singly there is no ABA problem. Lock-free. A mutable struct: always used in place.
/// </remarks>
internal struct WaiterStack
{
    /// <summary>The newest entry. CAS by threads that park, exchanged with null by threads that wake; both are full fences.</summary>
    private Waiter? _top;

    /// <summary>Entries whose owner was disposed while on the stack; a hint that tells when a sweep pays.</summary>
    private int _abandoned;

    internal readonly bool IsEmpty => _top is null; // plain: callers say in which order they look

    internal void Push(Waiter waiter) => PushChain(waiter, waiter);

    /// <summary>Takes every entry; the caller must wake each owner.</summary>
    internal Waiter? TakeAll()
    {
        // The look first saves the interlocked operation when another thread was faster.
        return Volatile.Read(ref _top) is null ? null : Interlocked.Exchange(ref _top, null);
    }

    /// <summary>Notes an entry without an owner; true when there are enough of them to be worth a sweep.</summary>
    /// <param name="live">About how many entries could have an owner.</param>
    internal bool Abandon(int live) => Interlocked.Increment(ref _abandoned) > live + 32;

    /// <summary>Takes every entry and wakes its owner; returns what waking threw.</summary>
    internal ErrorList WakeAll() => WakeChain(TakeAll());

    /// <summary>Wakes the owners of a taken stack, in the order of <see cref="Waiter.Order"/>; returns what waking threw.</summary>
    /// <remarks>Waking runs schedulers, which may throw. The other entries are off the stack, so no other thread would wake them.</remarks>
    internal static ErrorList WakeChain(Waiter? waiter)
    {
        ErrorList errors = default;
        if (waiter?.Below is not null)
        {
            waiter = WaiterChain.InOrder(waiter);
        }

        while (waiter is not null)
        {
            Waiter? below = waiter.Below; // before Take: from then on the entry may be pushed again
            WakeOne(waiter, ref errors);
            waiter = below;
        }

        return errors;
    }

    /// <summary>Wakes the owners that are ready, and drops the entries without an owner. So an owner that waits for more costs one look, not a
    /// wake-up, and parking and disposing on a quiet log costs no memory.</summary>
    /// <remarks>
    /// A thread that looks while the entries are off the stack wakes no owner. So after putting them back each owner is
    /// asked again, as an owner that parks asks itself:
    /// <code>
    /// P (pump):    has moved;                                does an owner wait?
    /// C (sweeper): takes all; not moved; puts back; barrier; has it moved?
    /// </code>
    /// The barrier is process-wide, since a pump that moves has no fence between its store and its look.
    /// </remarks>
    internal void Sweep()
    {
        while (SweepOnce())
        {
        }
    }

    /// <summary>True if an owner that was kept is ready now.</summary>
    private bool SweepOnce()
    {
        Volatile.Write(ref _abandoned, 0);
        Waiter? first = null;
        Waiter? last = null;
        IParked? firstKept = null;
        List<IParked>? otherKept = null;
        ErrorList ignored = default; // see ParkingLot: an owner whose scheduler throws ends, and says so itself
        for (Waiter? waiter = TakeAll(); waiter is not null;)
        {
            Waiter? below = waiter.Below;
            if (waiter.Owner is { } owner && !owner.IsReadyWhileParked)
            {
                // In the order in which they were: owners of equal order are woken as they parked.
                if (last is null)
                {
                    first = waiter;
                }
                else
                {
                    last.Below = waiter;
                }

                last = waiter;
                if (firstKept is null)
                {
                    firstKept = owner;
                }
                else
                {
                    (otherKept ??= []).Add(owner);
                }
            }
            else
            {
                // No owner, or one that was overlooked while the entries were in this method's hands.
                WakeOne(waiter, ref ignored);
            }

            waiter = below;
        }

        if (first is null)
        {
            return false;
        }

        PushChain(first, last!);
        Interlocked.MemoryBarrierProcessWide();

        // Each of them: one that has moved on, or was disposed, says nothing about the others.
        return firstKept!.IsReadyWhileParked || (otherKept is not null && otherKept.Exists(static owner => owner.IsReadyWhileParked));
    }

    private static void WakeOne(Waiter waiter, ref ErrorList errors)
    {
        try
        {
            waiter.Take()?.Wake();
        }
        catch (Exception error)
        {
            errors.Add(error);
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
