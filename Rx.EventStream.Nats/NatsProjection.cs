using System.Diagnostics;

namespace Rx.Nats;

/// <summary>A state that is kept up to date with a stream that many machines share. Any process can continue from a saved state.</summary>
/// <typeparam name="TState">The type of the state. It must be immutable, because it is shared.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A client that takes <see cref="Current"/>, starts with its state and reads from the sequence number after it sees every event exactly once.
/// <para><b>Concurrency.</b> All members can be used from any thread at any time.</para>
/// </remarks>
[DebuggerDisplay("{_current}")]
public sealed class NatsProjection<TState, T> : IAsyncDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly Func<TState, T, TState> _apply;

    /// <summary>The newest state. Written with release by the task that applies the events, and by no other; read with acquire.</summary>
    private NatsSnapshot<TState> _current;

    internal NatsProjection(
        NatsSnapshot<TState> saved, Func<TState, T, TState> apply, Func<CancellationToken, IAsyncEnumerable<Sequenced<T>>> read)
    {
        _current = saved;
        _apply = apply;
        CancellationToken disposed = _disposed.Token;
        Completion = Task.Run(() => ApplyAllAsync(read(disposed)), CancellationToken.None);
    }

    /// <summary>The state now, with the sequence number of the last event in it. This is what to save.</summary>
    public NatsSnapshot<TState> Current => Volatile.Read(ref _current);

    /// <summary>Completes when the projection ends: canceled when the projection is disposed, otherwise faulted with the exception that <c>apply</c> threw or
    /// that reading ended with. If the stream is disposed, that is an <see cref="ObjectDisposedException"/>.</summary>
    public Task Completion { get; }

    /// <summary>Ends the projection. <see cref="Current"/> keeps its last value. Calling it again does nothing.</summary>
    /// <returns>A task that completes when the projection has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed.IsCancellationRequested)
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
        }

        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ApplyAllAsync(IAsyncEnumerable<Sequenced<T>> events)
    {
        await foreach (Sequenced<T> e in events.ConfigureAwait(false))
        {
            // plain: no other thread writes the state.
            TState next = _apply(_current.State, e.Value);
            Volatile.Write(ref _current, new NatsSnapshot<TState>(next, e.Sequence));
        }
    }
}
