namespace Rx.Nats.Lifetime;

/// <summary>The lifetime of an open stream.</summary>
/// <remarks>
/// It moves through three states, in this order:
/// <list type="bullet">
/// <item><b>Open</b>: publishing and reading are possible.</item>
/// <item><b>Closing</b>, after <see cref="TryClose"/>: no publication is accepted; the accepted ones are still sent, and reading continues.</item>
/// <item><b>Ended</b>, after <see cref="EndAsync"/>: all reading is canceled.</item>
/// </list>
/// The word holds the first transition, the token the second.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class StreamLifetime : IDisposable
{
    private const int Open = 0;
    private const int Closing = 1;

    private readonly CancellationTokenSource _ended = new();

    /// <summary><see cref="Open"/> or <see cref="Closing"/>. Exchanged by <see cref="TryClose"/>, read with acquire.</summary>
    private int _state = Open;

    internal StreamLifetime()
    {
        Ended = _ended.Token;
    }

    /// <summary>Canceled when the stream has ended.</summary>
    internal CancellationToken Ended { get; }

    /// <summary>Open → Closing. True for the one call that makes the transition.</summary>
    /// <remarks>The exchange pairs with the read in <see cref="ThrowUnlessOpen"/>. A publication whose check came just before it is either sent or finds
    /// the publisher's queue closed.</remarks>
    internal bool TryClose() => Interlocked.Exchange(ref _state, Closing) == Open;

    /// <summary>Closing → Ended.</summary>
    internal Task EndAsync() => _ended.CancelAsync();

    /// <summary>Throws unless the stream is open.</summary>
    /// <param name="stream">The stream, which the exception names.</param>
    /// <exception cref="ObjectDisposedException">The stream is closing or has ended.</exception>
    internal void ThrowUnlessOpen(object stream) => ObjectDisposedException.ThrowIf(Volatile.Read(ref _state) != Open, stream);

    public void Dispose() => _ended.Dispose();
}
