namespace Rx.Tests;

/// <summary>One mark of a marble line: a notification, and its tick in virtual time.</summary>
internal readonly record struct Marble(long Tick, MarbleKind Kind, string Text);
