using Rx.Storage;

namespace Rx.Parking;

/// <summary>Which threads publishers block, in the whole process, so that none waits for itself.</summary>
/// <remarks>
/// An observer of one stream may publish to a second stream whose observers publish back. Then two threads drain one stream each, and must
/// not wait for each other. Or one drains, and waits for room that a subscriber on the other makes. Every thread that is about to wait enters
/// here, under one lock: the last of a circle closes it. A publisher that waits for its turn can do without; one that waits for room cannot.
/// So if that one is the last, those of the circle that can are told to ask again.
/// </remarks>
internal static class WaitingThreads
{
    private static readonly UninterruptibleLock _gate = new();

    /// <summary>Under the lock.</summary>
    private static readonly List<WaitingThread> _all = [];

    /// <summary>Notes a thread that is about to wait; false if what it waits for waits, perhaps through others, for this thread.</summary>
    internal static bool TryEnter(WaitingThread thread)
    {
        using (_gate.Enter())
        {
            bool canWait = !WaitsForItselfLocked(thread);
            if (canWait)
            {
                _all.Add(thread);
            }

            return canWait;
        }
    }

    /// <summary>Blocks the current thread until a task has ended. It has to wait, so those that then wait for themselves are told.</summary>
    internal static void Wait(WaitingThread thread, Task task)
    {
        WaitingThread[] held;
        using (_gate.Enter())
        {
            _all.Add(thread);
            held = [.. _all.Where(static other => other.GiveUp is not null && WaitsForItselfLocked(other))];
        }

        try
        {
            foreach (WaitingThread other in held)
            {
                other.GiveUp!();
            }

            BlockingWait.For(task);
        }
        finally
        {
            Leave(thread);
        }
    }

    /// <summary>Notes that a thread waits no more.</summary>
    internal static void Leave(WaitingThread thread)
    {
        using (_gate.Enter())
        {
            _all.Remove(thread);
        }
    }

    private static bool WaitsForItselfLocked(WaitingThread thread)
    {
        var seen = new HashSet<WaitingThread> { thread };
        var next = new Stack<IWaitedFor>([thread.WaitsFor]);
        while (next.TryPop(out IWaitedFor? waitedFor))
        {
            if (waitedFor.IsHeldBy(thread))
            {
                return true;
            }

            foreach (WaitingThread holder in _all)
            {
                if (waitedFor.IsHeldBy(holder) && seen.Add(holder))
                {
                    next.Push(holder.WaitsFor);
                }
            }
        }

        return false;
    }
}
