namespace Rx.Samples.Dashboard;

/// <summary>Where a subscriber joins the stream.</summary>
internal enum JoinPoint
{
    Now,
    Oldest,
    Bookmark,
}
