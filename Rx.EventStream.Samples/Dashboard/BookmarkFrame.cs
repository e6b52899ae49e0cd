namespace Rx.Samples.Dashboard;

/// <summary>The name and the position of a bookmark.</summary>
internal sealed record BookmarkFrame(string Name, long Sequence);
