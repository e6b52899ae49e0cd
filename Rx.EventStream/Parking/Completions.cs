namespace Rx.Parking;

/// <summary>Ends tasks.</summary>
internal static class Completions
{
    /// <summary>Fails a task so that its exception is not reported as unobserved; false if it had ended. A program that does not ask for the task
    /// finds the error elsewhere.</summary>
    internal static bool TryFail(TaskCompletionSource source, Exception error)
    {
        if (!source.TrySetException(error))
        {
            return false;
        }

        // This marks it as observed. Task.Exception would too, but makes an exception with a message that the runtime looks up under a lock, where
        // Thread.Interrupt could keep the thread from what it has to do next.
        source.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        return true;
    }
}
