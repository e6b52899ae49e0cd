namespace Rx.Tests.Soak;

/// <summary>What one observer of a torture round received, and what it must have received.</summary>
/// <param name="name">The kind of observer, for failures.</param>
/// <param name="numberOf">The number that an event carries.</param>
/// <param name="mayJump">Whether the lag policy lets it miss events.</param>
/// <param name="throwsAt">It throws at every so many events; 0: never.</param>
internal sealed class TortureObserver<T>(string name, Func<T, long> numberOf, bool mayJump = false, int throwsAt = 0)
    : IObserver<T>, IObserver<ReadOnlyMemory<T>>
{
    private readonly List<long> _numbers = [];
    private int _inside;
    private int _count;
    private string? _breach;
    private int _isOver;

    public string Name => name;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether the end has arrived.</summary>
    public bool IsOver => Volatile.Read(ref _isOver) != 0;

    /// <summary>The sequence number that it must start at, if that is known.</summary>
    public long? Start { get; set; }

    /// <summary>Whether it stays subscribed, and so must get everything up to the end.</summary>
    public bool Stays { get; set; }

    public void OnNext(T value)
    {
        Enter();
        Add(value);
        Leave();
        if (throwsAt > 0 && _numbers.Count % throwsAt == 0)
        {
            throw new TortureException();
        }
    }

    public void OnNext(ReadOnlyMemory<T> batch)
    {
        Enter();
        foreach (T value in batch.Span)
        {
            Add(value);
        }

        Leave();
    }

    public void OnError(Exception error)
    {
        Enter();
        if (error is SubscriberLaggedException)
        {
            Stays = false;
        }
        else if (error is not TortureException)
        {
            _breach ??= error.ToString();
        }

        Volatile.Write(ref _isOver, 1);
        Leave();
    }

    public void OnCompleted()
    {
        Enter();
        Volatile.Write(ref _isOver, 1);
        Leave();
    }

    /// <summary>What is wrong, or null.</summary>
    public string? FindFault(IReadOnlyList<long> reference, Dictionary<long, int> places)
    {
        string? fault = _breach ?? FindFaultInOrder(reference, places);
        return fault is null ? null : $"{name}: {fault}";
    }

    private string? FindFaultInOrder(IReadOnlyList<long> reference, Dictionary<long, int> places)
    {
        long expected = Start ?? -1;
        for (int i = 0; i < _numbers.Count; i++)
        {
            if (!places.TryGetValue(_numbers[i], out int place))
            {
                return $"event {i} ({_numbers[i]:x}) was not published.";
            }

            if (expected >= 0 && (mayJump ? place < expected : place != expected))
            {
                return $"event {i} is at place {place} instead of {expected}; it has {_numbers.Count} events.";
            }

            expected = place + 1;
        }

        return Stays && expected >= 0 && expected != reference.Count && !(expected > reference.Count && _numbers.Count == 0)
            ? $"stays, and stops at {expected} of {reference.Count}; it has {_numbers.Count} events."
            : null;
    }

    private void Add(T value)
    {
        _numbers.Add(numberOf(value));
        Volatile.Write(ref _count, _numbers.Count);
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _inside, 1) != 0)
        {
            _breach ??= "two calls overlap.";
        }

        if (IsOver)
        {
            _breach ??= "it was called after the end.";
        }
    }

    private void Leave() => Interlocked.Exchange(ref _inside, 0);
}
