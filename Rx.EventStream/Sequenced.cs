namespace Rx;

/// <summary>An event with its sequence in the stream.</summary>
/// <typeparam name="T">The type of the event.</typeparam>
/// <param name="Sequence">The sequence; sequences count from 0, and a gap between two is what a subscriber missed.</param>
/// <param name="Value">The event.</param>
public readonly record struct Sequenced<T>(long Sequence, T Value);
