namespace Rx.Samples.Tour;

/// <summary>Reads the keys that are pressed, on its own thread. The thread always waits for a key, so the terminal never echoes
/// one.</summary>
internal sealed class KeyReader : IDisposable
{
    private readonly EventStream<ConsoleKey> _pressed = new();
    private readonly EventReader<ConsoleKey> _keys;

    public KeyReader()
    {
        _keys = _pressed.AsObservable().OpenReader();
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <summary>Waits for the next key and takes it.</summary>
    /// <exception cref="OperationCanceledException">The tour was interrupted during the wait.</exception>
    public ValueTask<ConsoleKey> ReadAsync(CancellationToken interrupted) => _keys.ReadAsync(interrupted);

    /// <summary>Takes a key that was already pressed, if there is one.</summary>
    public bool TryRead(out ConsoleKey key) => _keys.TryRead(out key);

    /// <summary>Waits until the time has passed, there is a key to read, or the tour is interrupted.</summary>
    public async Task DelayAsync(TimeSpan time, CancellationToken interrupted)
    {
        using var delay = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        delay.CancelAfter(time);
        try
        {
            await _keys.WaitToReadAsync(delay.Token);
        }
        catch (OperationCanceledException)
        {
            // The time has passed. An interrupt does not end the screen early: it may keep a thread blocked until its last lines.
        }
    }

    public void Dispose()
    {
        _keys.Dispose();
        _pressed.OnCompleted(); // not disposed: the thread may be publishing a last key
    }

    private void ReadKeys()
    {
        while (true)
        {
            _pressed.OnNext(Console.ReadKey(intercept: true).Key);
        }
    }
}
