using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>An observer of a shared stream that keeps what it receives.</summary>
internal sealed class Received : IObserver<Sequenced<Reading>>
{
    private readonly Lock _lock = new();
    private readonly List<Sequenced<Reading>> _events = [];
    private Exception? _error;

    public Sequenced<Reading>[] Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _events.Count;
            }
        }
    }

    public Exception? Error => Volatile.Read(ref _error);

    public long[] Sequences => [.. Events.Select(e => e.Sequence)];

    public int[] Numbers => [.. Events.Select(e => e.Value.Number)];

    public void OnNext(Sequenced<Reading> value)
    {
        lock (_lock)
        {
            _events.Add(value);
        }
    }

    public void OnError(Exception error) => Volatile.Write(ref _error, error);

    public void OnCompleted()
    {
    }

    /// <summary>Waits until it has received a number of events, or an error.</summary>
    public void WaitFor(int count) =>
        Eventually.IsTrue(() => Count >= count || Error is not null, $"{count} events arrive; {Count} have.");
}
