namespace Rx.Tests;

/// <summary>One mark of a marble line: what happens, and at which tick of virtual time.</summary>
internal readonly record struct Marble(long Tick, MarbleKind Kind, string Text);
