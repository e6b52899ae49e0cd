namespace Rx.Parking;

/// <summary>Blocks a thread on a task that another thread completes, whatever <see cref="Thread.Interrupt"/> does to the
/// other.</summary>
/// <remarks>To wake a thread that blocks on a task, the completing thread takes a lock for a moment. If it has to wait for that, an interruption
/// keeps it out: the task has ended then, and the other thread sleeps on. So that one looks again from time to time.</remarks>
internal static class BlockingWait
{
    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Blocks the current thread until a task has ended.</summary>
    internal static void For(Task task)
    {
        while (!task.Wait(_lookAgain))
        {
        }
    }

    /// <summary>Ends the task. An interruption meets the current thread's next wait instead.</summary>
    internal static void Complete(TaskCompletionSource source)
    {
        try
        {
            source.TrySetResult();
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();
        }
    }
}
