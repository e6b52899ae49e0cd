namespace Rx.Delivery;

/// <summary>Which threads wait for a drainer, in the whole process, so that none waits for itself.</summary>
/// <remarks>
/// An observer of one stream may publish to a second stream whose observers publish back. Then two threads drain one stream each, and must
/// not wait for each other. Every thread that is about to wait asks here, under one lock; the last of a circle finds it closed, since the
/// others have entered, and have noted what they drain.
/// </remarks>
internal static class WaitingThreads
{
    private static readonly Lock _gate = new();

    /// <summary>Which delivery each waiting thread waits for. Under the lock.</summary>
    private static readonly Dictionary<int, IDrained> _waits = [];

    /// <summary>Notes that the current thread waits for the drainer of a delivery; false if that drainer waits, perhaps through others, for
    /// this thread.</summary>
    internal static bool TryEnter(IDrained delivery)
    {
        int current = Environment.CurrentManagedThreadId;
        lock (_gate)
        {
            IDrained? next = delivery;
            for (int steps = 0; next is not null && steps <= _waits.Count; steps++)
            {
                int drainer = next.DrainerThread;
                if (drainer == current)
                {
                    return false;
                }

                next = _waits.GetValueOrDefault(drainer);
            }

            _waits[current] = delivery;
            return true;
        }
    }

    /// <summary>Notes that the current thread waits no more.</summary>
    internal static void Leave()
    {
        lock (_gate)
        {
            _waits.Remove(Environment.CurrentManagedThreadId);
        }
    }
}
