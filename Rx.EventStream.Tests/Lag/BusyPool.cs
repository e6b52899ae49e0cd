namespace Rx.Tests.Lag;

/// <summary>Keeps all threads of the pool busy, and those that it adds, until it is disposed.</summary>
internal sealed class BusyPool : IDisposable
{
    private const int Actions = 150;

    private readonly ManualResetEventSlim _isOver = new();
    private readonly Task[] _actions;

    internal BusyPool()
    {
        using var begun = new CountdownEvent(2);
        _actions =
        [
            .. Enumerable.Range(0, Actions).Select(i => Task.Run(() =>
            {
                if (i < 2)
                {
                    begun.Signal();
                }

                _isOver.Wait();
            })),
        ];
        begun.Wait();
    }

    public void Dispose()
    {
        _isOver.Set();
        Task.WaitAll(_actions);
        _isOver.Dispose();
    }
}
