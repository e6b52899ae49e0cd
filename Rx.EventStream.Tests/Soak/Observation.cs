namespace Rx.Tests.Soak;

/// <summary>What one observer received between joining and leaving.</summary>
/// <remarks>Each publisher numbers its events from 0. The reference is the list of all events in the order of their sequence numbers.</remarks>
internal sealed class Observation(string name) : IObserver<long>
{
    private readonly List<long> _events = [];
    private int _inside;
    private int _count;
    private string? _breach;

    public string Name => name;

    public int Count => Volatile.Read(ref _count);

    public bool IsCompleted { get; private set; }

    public void OnNext(long value)
    {
        if (Interlocked.Exchange(ref _inside, 1) != 0)
        {
            _breach ??= "Two calls overlap.";
        }

        if (IsCompleted)
        {
            _breach ??= "An event came after the end.";
        }

        _events.Add(value);
        Volatile.Write(ref _count, _events.Count);
        Interlocked.Exchange(ref _inside, 0);
    }

    public void OnError(Exception error) => _breach ??= error.ToString();

    public void OnCompleted() => IsCompleted = true;

    /// <summary>What is wrong, or null. The events must be one contiguous part of the reference: none lost, repeated or out of order.</summary>
    public string? FindFault(List<long> reference, Dictionary<long, int> places, bool mustReachTheEnd, long? mustStartAt)
    {
        if (_breach is not null)
        {
            return $"{name}: {_breach}";
        }

        if (_events.Count == 0)
        {
            return mustStartAt < reference.Count && mustReachTheEnd ? $"{name}: received no events from {mustStartAt} on." : null;
        }

        if (!places.TryGetValue(_events[0], out int start))
        {
            return $"{name}: received an event that was never published.";
        }

        if (mustStartAt is { } wanted && wanted != start)
        {
            return $"{name}: starts at {start} instead of {wanted}.";
        }

        for (int i = 0; i < _events.Count; i++)
        {
            if (start + i >= reference.Count || _events[i] != reference[start + i])
            {
                return $"{name}: differs from the others at {start + i}, {i} events after it joined at {start}: it has " +
                    $"{Show(_events, i, places)}, and {_events.Count} events in all.";
            }
        }

        return mustReachTheEnd && start + _events.Count != reference.Count
            ? $"{name}: ends at {start + _events.Count} of {reference.Count}."
            : null;
    }

    /// <summary>The events around a place, each as its place in the reference.</summary>
    private static string Show(List<long> events, int at, Dictionary<long, int> places) =>
        string.Join(' ', events.Skip(Math.Max(0, at - 3)).Take(8).Select(e => places.TryGetValue(e, out int place) ? $"{place}" : "unknown"));
}
