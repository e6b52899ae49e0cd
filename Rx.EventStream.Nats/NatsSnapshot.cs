namespace Rx.Nats;

/// <summary>A state with the sequence of the last event in it: what to save, and what to go on from.</summary>
/// <typeparam name="TState">The type of the state.</typeparam>
/// <param name="State">The state: exactly the events up to <paramref name="Sequence"/> are in it.</param>
/// <param name="Sequence">The sequence of the last event in the state, or 0 for none.</param>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
public sealed record NatsSnapshot<TState>(TState State, long Sequence);
