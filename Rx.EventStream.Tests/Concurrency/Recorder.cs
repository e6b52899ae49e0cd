namespace Rx.Tests.Concurrency;

/// <summary>Records the calls of an observer, and whether they follow the Rx grammar.</summary>
internal sealed class Recorder<T> : IObserver<T>
{
    private readonly List<T> _events = [];
    private int _inside;
    private int _count;
    private int _terminals;

    public IReadOnlyList<T> Events => _events;

    /// <summary>The number of events so far. Any thread can read it at any time.</summary>
    public int Count => Volatile.Read(ref _count);

    public int Terminals => Volatile.Read(ref _terminals);

    /// <summary>The first breach of the Rx grammar, or null.</summary>
    public string? Breach { get; private set; }

    public void OnNext(T value)
    {
        Enter();
        _events.Add(value);
        Volatile.Write(ref _count, _events.Count);
        Leave();
    }

    public void OnError(Exception error) => OnCompleted();

    public void OnCompleted()
    {
        Enter();
        Interlocked.Increment(ref _terminals);
        Leave();
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _inside, 1) != 0)
        {
            Breach ??= "Two calls overlap.";
        }

        if (_terminals != 0)
        {
            Breach ??= "A call came after the terminal event.";
        }
    }

    private void Leave() => Interlocked.Exchange(ref _inside, 0);
}
