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

    /// <summary>Takes every entry and wakes who waits behind it; returns what waking threw.</summary>
    internal List<Exception>? WakeAll() => WakeChain(TakeAll());

    /// <summary>Wakes who waits behind the entries of a taken stack; returns what waking threw.</summary>
    /// <remarks>Waking runs schedulers, which may throw. The others are off the stack, so nobody else would wake them.</remarks>
    internal static List<Exception>? WakeChain(Waiter? waiter)
    {
        List<Exception>? errors = null;
        while (waiter is not null)
        {
            Waiter? below = waiter.Below; // before Take: from then on the entry may be pushed again
            WakeOne(waiter, ref errors);
            waiter = below;
        }

        return errors;
    }

    /// <summary>Drops the entries nobody waits behind, so that parking and disposing on a quiet log costs no memory.</summary>
    /// <remarks>
    /// A writer that looks while the entries are off the stack wakes no owner. So after putting them back each owner is
    /// asked again, as an owner that parks asks itself:
    /// <code>
    /// P (pump):    has moved;                            is the stack empty?
    /// C (sweeper): takes all; not moved; puts back; barrier; has it moved?
    /// </code>
    /// The barrier is process-wide, since a pump that moves has no fence between its store and its look.
    /// </remarks>
    internal List<Exception>? Sweep()
    {
        List<Exception>? errors = null;
        Volatile.Write(ref _abandoned, 0);
        Waiter? first = null;
        Waiter? last = null;
        List<IParked> kept = [];
        for (Waiter? waiter = TakeAll(); waiter is not null;)
        {
            Waiter? below = waiter.Below;
            if (waiter.Owner is { } owner && !owner.IsReadyWhileParked)
            {
                waiter.Below = first;
                first = waiter;
                last ??= waiter;
                kept.Add(owner);
            }
            else
            {
                // Nobody, or somebody who was overlooked while the entries were in this method's hands.
                WakeOne(waiter, ref errors);
            }

            waiter = below;
        }

        if (first is not null)
        {
            PushChain(first, last!);
            Interlocked.MemoryBarrierProcessWide();
            // Each of them: one that has moved on, or was disposed, says nothing about the others.
            if (kept.Exists(static owner => owner.IsReadyWhileParked))
            {
                errors = Errors.Concat(errors, WakeAll());
            }
        }

        return errors;
    }

    private static void WakeOne(Waiter waiter, ref List<Exception>? errors)
    {
        try
        {
            waiter.Take()?.Wake();
        }
        catch (Exception error)
        {
            (errors ??= []).Add(error);
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
