namespace Rx.Samples.Dashboard;

/// <summary>All there is to see at one moment.</summary>
/// <param name="Run">Which run it belongs to; another one begins with every start, of the program too.</param>
/// <param name="Time">Seconds since the run began.</param>
/// <param name="Completed">Whether the stream was completed.</param>
/// <param name="Rate">How many events are to be published in a second, on each side.</param>
/// <param name="Publishers">By how many threads.</param>
/// <param name="Memory">What is allocated on the managed heap, in bytes.</param>
/// <param name="Stream">The side of the stream.</param>
/// <param name="Subject">The side of the subject.</param>
/// <param name="Members">The subscribers, in the order they came.</param>
/// <param name="Bookmarks">The bookmarks, in the order they were set.</param>
/// <param name="Notices">The newest ones.</param>
internal sealed record DashboardFrame(
    string Run,
    double Time,
    bool Completed,
    int Rate,
    int Publishers,
    long Memory,
    SideFrame Stream,
    SideFrame Subject,
    IReadOnlyList<MemberFrame> Members,
    IReadOnlyList<BookmarkFrame> Bookmarks,
    IReadOnlyList<Notice> Notices);
