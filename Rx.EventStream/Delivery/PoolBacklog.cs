namespace Rx.Delivery;

/// <summary>Whether work waits for a thread of the pool, as the threads of the pool see it.</summary>
/// <remarks>Asking the pool takes as long as delivering several events, since it counts the queues of all its threads. So a thread that found a long
/// queue takes it for granted for as many questions as it would take to halve it, if each thread asks once for each action.</remarks>
internal static class PoolBacklog
{
    private const long MostUnasked = 64;

    /// <summary>How many more questions this thread answers by itself: there was a backlog.</summary>
    [ThreadStatic]
    private static long _unasked;

    internal static bool IsEmpty
    {
        get
        {
            if (_unasked > 0)
            {
                _unasked--;
                return false;
            }

            long pending = ThreadPool.PendingWorkItemCount;
            _unasked = Math.Min(pending / (2 * Environment.ProcessorCount), MostUnasked);
            return pending == 0;
        }
    }
}
