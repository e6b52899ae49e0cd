namespace Rx.Samples.Dashboard;

/// <summary>A place in the stream that can be joined later.</summary>
internal sealed record BookmarkFrame(string Name, long Sequence);
