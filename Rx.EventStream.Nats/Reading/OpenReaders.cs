using System.Collections.Concurrent;
using System.Reactive.Disposables;

namespace Rx.Nats.Reading;

/// <summary>The server readers that a stream's enumerations use at the moment.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A caller can abandon an enumeration without disposing it. This list is what removes its consumer from the server when the stream is disposed.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class OpenReaders<T>
{
    private readonly ConcurrentDictionary<ServerReader<T>, bool> _readers = new();

    /// <summary>Adds a reader. Disposing the result removes it.</summary>
    internal IDisposable Add(ServerReader<T> reader)
    {
        _readers[reader] = true;
        return Disposable.Create(() => _readers.TryRemove(reader, out _));
    }

    /// <summary>Deletes the readers' consumers. The readers' lifetime must have ended before.</summary>
    internal Task DeleteConsumersAsync() => Task.WhenAll(_readers.Keys.Select(reader => reader.DeleteConsumerAsync()));
}
