namespace Rx.Samples.Tour;

/// <summary>The keys that are pressed. A thread of its own waits for them, so that they do not show on the screen.</summary>
internal sealed class KeyReader : IDisposable
{
    private readonly EventStream<ConsoleKey> _pressed = new();
    private readonly EventReader<ConsoleKey> _keys;

    public KeyReader()
    {
        _keys = _pressed.AsObservable().OpenReader();
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <summary>Takes the next key, when it comes.</summary>
    /// <exception cref="OperationCanceledException">Interrupted meanwhile.</exception>
    public ValueTask<ConsoleKey> ReadAsync(CancellationToken interrupted) => _keys.ReadAsync(interrupted);

    /// <summary>Takes a key that was pressed already, if there is one.</summary>
    public bool TryRead(out ConsoleKey key) => _keys.TryRead(out key);

    /// <summary>Waits so long, or until there is a key to read, or until interrupted.</summary>
    public async Task RestAsync(TimeSpan time, CancellationToken interrupted)
    {
        using var rest = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        rest.CancelAfter(time);
        try
        {
            await _keys.WaitToReadAsync(rest.Token);
        }
        catch (OperationCanceledException)
        {
            // Time is up. What is played is played to its end, interrupted or not: it may have blocked a thread that it has to let go.
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
