using System.Collections.Concurrent;
using System.Reactive.Disposables;

namespace Rx.Nats.Reading;

/// <summary>The readers of the server that a stream has given out.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Whoever enumerates one may never come back to it; what it has on the server is removed with the stream nevertheless.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class ReadersAtWork<T>
{
    private readonly ConcurrentDictionary<ServerReader<T>, bool> _readers = new();

    /// <summary>Enters a reader; disposing takes it out.</summary>
    internal IDisposable Enter(ServerReader<T> reader)
    {
        _readers[reader] = true;
        return Disposable.Create(() => _readers.TryRemove(reader, out _));
    }

    /// <summary>Removes what the readers have on the server. They have been told to end before.</summary>
    internal Task DeleteConsumersAsync() => Task.WhenAll(_readers.Keys.Select(reader => reader.DeleteConsumerAsync()));
}
