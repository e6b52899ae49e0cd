namespace Rx.Samples.Tour;

/// <summary>A notification that an observer received, and when.</summary>
/// <param name="Tick">The player's tick.</param>
/// <param name="Text">The text on the marble line.</param>
/// <param name="IsEnd">Whether it is the last notification: a completion or an error.</param>
internal readonly record struct Marble(int Tick, string Text, bool IsEnd = false);
