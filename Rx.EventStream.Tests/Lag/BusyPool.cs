namespace Rx.Tests.Lag;

/// <summary>Keeps all threads of the pool busy, and those that it adds, until it is disposed.</summary>
internal sealed class BusyPool : IDisposable
{
    private const int Actions = 150;

    private readonly ManualResetEventSlim _isOver = new();
    private readonly Task[] _actions;

    internal BusyPool() => _actions = Block(_ => _isOver.Wait());

    /// <summary>Starts actions on the pool, which block its threads. A thread that the pool adds, one or two in a second, is blocked by the next of
    /// them: what is queued after them waits for as many threads as there are actions.</summary>
    internal static Task[] Block(Action<int> action)
    {
        using var begun = new CountdownEvent(2);
        Task[] blocking =
        [
            .. Enumerable.Range(0, Actions).Select(i => Task.Run(() =>
            {
                if (i < 2)
                {
                    begun.Signal();
                }

                action(i);
            })),
        ];
        begun.Wait();
        return blocking;
    }

    public void Dispose()
    {
        _isOver.Set();
        Task.WaitAll(_actions);
        _isOver.Dispose();
    }
}
