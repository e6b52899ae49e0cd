namespace Rx.Nats;

/// <summary>A state and the sequence number of the last event in it: what to save, and where to continue from.</summary>
/// <typeparam name="TState">The type of the state.</typeparam>
/// <param name="State">The state. It contains exactly the events up to and including <paramref name="Sequence"/>.</param>
/// <param name="Sequence">The sequence number of the last event in the state, or 0 if the state contains no event.</param>
/// <remarks><b>Concurrency.</b> Immutable; can be shared and used from any thread.</remarks>
public sealed record NatsSnapshot<TState>(TState State, long Sequence);
