namespace Rx.Samples.Dashboard;

/// <summary>Something that happened without anybody asking for it.</summary>
internal sealed record Notice(int Id, string Text);
