namespace Rx.Tests.Samples.Dashboard;

/// <summary>What the page is told, as far as tests look at it.</summary>
internal sealed record Frame(
    string Run,
    double Time,
    bool Completed,
    int Rate,
    int Publishers,
    long Memory,
    Frame.Side Stream,
    Frame.Side Subject,
    Frame.Member[] Members,
    Frame.Bookmark[] Bookmarks,
    Frame.Notice[] Notices)
{
    public Member Of(string name) =>
        Members.FirstOrDefault(m => m.Name == name)
        ?? throw new AssertionException($"There is no '{name}' among {string.Join(", ", Members.Select(m => m.Name))}.");

    internal sealed record Side(long Published, double Rate, double Cost, double StalledFor);

    internal sealed record Member(
        int Id, string Name, long Joined, bool Stalled, string? End, long Position, long Lag, long Dropped, long Delivered, Twin Subject);

    internal sealed record Twin(long Delivered, bool Busy, string? End);

    internal sealed record Bookmark(string Name, long Sequence);

    internal sealed record Notice(int Id, string Text);
}
