namespace Rx.Tests.Contract;

/// <summary>Waits for another thread. The limit only ends a run that would hang; no test measures it.</summary>
internal static class Eventually
{
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Fails if the condition does not become true.</summary>
    public static void IsTrue(Func<bool> condition, string what) =>
        Assert.That(SpinWait.SpinUntil(condition, Limit), Is.True, what);

    /// <summary>Fails if the event is not set.</summary>
    public static void IsSet(ManualResetEventSlim signal, string what) => Assert.That(signal.Wait(Limit), Is.True, what);

    /// <summary>Fails if the thread does not end.</summary>
    public static void Joins(Thread thread) => Assert.That(thread.Join(Limit), Is.True, "The thread ends.");

    /// <summary>Completes with the task, or fails if the task does not complete.</summary>
    public static Task Ends(Task task) => task.WaitAsync(Limit);

    /// <inheritdoc cref="Ends(Task)"/>
    public static Task<TResult> Ends<TResult>(Task<TResult> task) => task.WaitAsync(Limit);

    /// <inheritdoc cref="Ends(Task)"/>
    public static Task<bool> Ends(ValueTask<bool> task) => task.AsTask().WaitAsync(Limit);

    /// <summary>Runs the action on a new thread. The task completes with it, or fails with the exception that it throws.</summary>
    public static Task OnThread(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        })
        { IsBackground = true };
        thread.Start();
        return done.Task;
    }
}
