using System.Collections.Concurrent;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>An observer of the changes of a bucket that keeps what it receives.</summary>
internal sealed class ReceivedChanges : IObserver<NatsKeyValueChange<int>>
{
    private readonly ConcurrentQueue<NatsKeyValueChange<int>> _changes = new();
    private Exception? _error;

    public Exception? Error => Volatile.Read(ref _error);

    public NatsKeyValueChange<int>[] All => [.. _changes];

    /// <summary>Each change as <c>key kind value @revision</c>.</summary>
    public string[] Texts => [.. _changes.Select(c => $"{c.Key} {c.Kind} {c.Value} @{c.Revision}")];

    public void OnNext(NatsKeyValueChange<int> value) => _changes.Enqueue(value);

    public void OnError(Exception error) => Volatile.Write(ref _error, error);

    public void OnCompleted()
    {
    }

    /// <summary>Waits until it has received a change with a revision, or a later one.</summary>
    public void WaitFor(long revision) =>
        Eventually.IsTrue(() => _changes.Any(c => c.Revision >= revision), $"Revision {revision} arrives.");
}
