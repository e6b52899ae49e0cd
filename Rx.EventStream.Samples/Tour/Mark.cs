namespace Rx.Samples.Tour;

/// <summary>Something that an observer was told, and when.</summary>
/// <param name="Tick">The tick of the stage.</param>
/// <param name="Text">What the marble line shows.</param>
/// <param name="IsEnd">Whether nothing can follow: completion or error.</param>
internal readonly record struct Mark(int Tick, string Text, bool IsEnd = false);
