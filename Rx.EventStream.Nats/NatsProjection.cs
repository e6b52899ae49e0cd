using System.Diagnostics;

namespace Rx.Nats;

/// <summary>A state kept up to date with a stream that many machines share: saved with its sequence, it goes on from there in any process.</summary>
/// <typeparam name="TState">The type of the state; immutable, since it is shared.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A client that takes <see cref="Current"/>, starts with its state and reads from the sequence after it sees every event exactly once.
/// <para><b>Concurrency.</b> All members may be used from any thread at any time.</para>
/// </remarks>
[DebuggerDisplay("{_current}")]
public sealed class NatsProjection<TState, T> : IAsyncDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly Func<TState, T, TState> _apply;

    /// <summary>The newest state. Written by the folding task only, read with acquire.</summary>
    private NatsSnapshot<TState> _current;

    internal NatsProjection(
        NatsSnapshot<TState> saved, Func<TState, T, TState> apply, Func<CancellationToken, IAsyncEnumerable<Sequenced<T>>> read)
    {
        _current = saved;
        _apply = apply;
        CancellationToken ct = _disposed.Token;
        Completion = Task.Run(() => FoldAsync(read(ct)), CancellationToken.None);
    }

    /// <summary>The state now, with the sequence of the last event in it: what to save.</summary>
    public NatsSnapshot<TState> Current => Volatile.Read(ref _current);

    /// <summary>Done when the projection ends: cancelled when it is disposed, otherwise faulted with what <c>apply</c> threw or the stream ended with, which
    /// is an <see cref="ObjectDisposedException"/> when the stream is disposed.</summary>
    public Task Completion { get; }

    /// <summary>Ends the projection. <see cref="Current"/> stays.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed.IsCancellationRequested)
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
        }

        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task FoldAsync(IAsyncEnumerable<Sequenced<T>> events)
    {
        await foreach (Sequenced<T> e in events.ConfigureAwait(false))
        {
            Volatile.Write(ref _current, new NatsSnapshot<TState>(_apply(_current.State, e.Value), e.Sequence));
        }
    }
}
