namespace Rx.Tests.Samples.Dashboard;

/// <summary>The part of a frame that the tests use.</summary>
internal sealed record Frame(
    string Run,
    double Time,
    bool Completed,
    int Rate,
    int Publishers,
    long Memory,
    Frame.Side Stream,
    Frame.Side Subject,
    Frame.Subscriber[] Subscribers,
    Frame.Bookmark[] Bookmarks,
    Frame.Notice[] Notices)
{
    public Subscriber Of(string name) =>
        Subscribers.FirstOrDefault(s => s.Name == name)
        ?? throw new AssertionException($"There is no subscriber '{name}', only {string.Join(", ", Subscribers.Select(s => s.Name))}.");

    internal sealed record Side(long Published, double Rate, double Cost, double StalledFor);

    internal sealed record Subscriber(
        int Id, string Name, long Joined, bool Stalled, string? End, long Position, long Lag, long Dropped, long Delivered, SubjectSubscriber Subject);

    internal sealed record SubjectSubscriber(long Delivered, bool Busy, string? End);

    internal sealed record Bookmark(string Name, long Sequence);

    internal sealed record Notice(int Id, string Text);
}
