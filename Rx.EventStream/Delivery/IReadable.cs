namespace Rx.Delivery;

/// <summary>An observable of a stream that can be pulled with a reader of its own, with nothing in between.</summary>
/// <typeparam name="T">The type of what observers get.</typeparam>
internal interface IReadable<T>
{
    /// <summary>What observers get, for <c>await foreach</c>.</summary>
    IAsyncEnumerable<T> ReadAllAsync(LagPolicy lag, CancellationToken cancellationToken);
}
