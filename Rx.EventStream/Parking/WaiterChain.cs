namespace Rx.Parking;

/// <summary>Puts the entries of a taken stack into the order in which their owners are woken.</summary>
/// <remarks>
/// The entries belong to the thread that took the stack, so it links them anew without an allocation. Pumps that ran dry on one thread, in
/// the order in which they subscribed, are in order once the chain is reversed. On several threads some pass by others, and then each goes to
/// its place by insertion, one step for each that it passes. A chain that is further from its order gets a merge sort, which takes
/// O(n log n).
/// </remarks>
internal static class WaiterChain
{
    /// <summary>How many steps of insertion an entry may cost on average. A merge sort of a thousand takes some twenty.</summary>
    private const int StepsForEach = 4;

    /// <summary>Links the entries by ascending <see cref="Waiter.Order"/>, equal ones with the oldest first.</summary>
    /// <param name="newest">The top of a taken stack.</param>
    internal static Waiter InOrder(Waiter newest)
    {
        Waiter first = newest;
        Waiter? rest = newest.Below;
        first.Below = null;
        bool isInOrder = true;
        int steps = 0;
        while (rest is not null)
        {
            Waiter current = rest; // older than all in the new chain
            rest = current.Below;
            steps += StepsForEach;
            Waiter? before = null;
            for (Waiter? at = first; isInOrder && at is not null && at.Order < current.Order; at = at.Below)
            {
                before = at;
                isInOrder = --steps >= 0;
            }

            if (before is null || !isInOrder)
            {
                current.Below = first;
                first = current;
            }
            else
            {
                current.Below = before.Below;
                before.Below = current;
            }
        }

        return isInOrder ? first : Sort(first);
    }

    /// <summary>A merge sort from the bottom up: runs of one entry, then of two, four and so on. Stable.</summary>
    private static Waiter Sort(Waiter first)
    {
        Waiter sorted = first;
        int merges;
        int length = 1;
        do
        {
            merges = 0;
            Waiter? rest = sorted;
            Waiter? head = null;
            Waiter? last = null;
            while (rest is not null)
            {
                Waiter left = rest;
                Waiter? right = Cut(left, length);
                rest = right is null ? null : Cut(right, length);
                (Waiter mergedHead, Waiter mergedLast) = Merge(left, right);
                if (last is null)
                {
                    head = mergedHead;
                }
                else
                {
                    last.Below = mergedHead;
                }

                last = mergedLast;
                merges++;
            }

            sorted = head!;
            length *= 2;
        }
        while (merges > 1);
        return sorted;
    }

    /// <summary>Ends a run after so many entries; returns what followed.</summary>
    private static Waiter? Cut(Waiter run, int length)
    {
        Waiter last = run;
        for (int i = 1; i < length && last.Below is { } below; i++)
        {
            last = below;
        }

        Waiter? rest = last.Below;
        last.Below = null;
        return rest;
    }

    private static (Waiter Head, Waiter Last) Merge(Waiter left, Waiter? right)
    {
        Waiter? head = null;
        Waiter? last = null;
        Waiter? rest = left;
        while (rest is not null || right is not null)
        {
            Waiter least;
            if (right is null || (rest is not null && rest.Order <= right.Order))
            {
                least = rest!;
                rest = least.Below;
            }
            else
            {
                least = right;
                right = least.Below;
            }

            if (last is null)
            {
                head = least;
            }
            else
            {
                last.Below = least;
            }

            last = least;
        }

        return (head!, last!);
    }
}
