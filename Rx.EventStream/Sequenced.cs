namespace Rx;

/// <summary>An event with its sequence number in the stream.</summary>
/// <typeparam name="T">The type of the event.</typeparam>
/// <param name="Sequence">The sequence number. Sequence numbers count from 0; a gap between two is what a subscriber missed.</param>
/// <param name="Value">The event.</param>
public readonly record struct Sequenced<T>(long Sequence, T Value);
