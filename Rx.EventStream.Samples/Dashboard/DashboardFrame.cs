namespace Rx.Samples.Dashboard;

/// <summary>The state of the experiment at one moment.</summary>
/// <param name="Run">The name of the run. Each restart, also of the program, begins a new run.</param>
/// <param name="Time">The seconds since the start of the run.</param>
/// <param name="Completed">Whether the stream was completed.</param>
/// <param name="Rate">The requested events per second on each side.</param>
/// <param name="Publishers">The number of publishing threads on each side.</param>
/// <param name="Memory">The size of the managed heap, in bytes.</param>
/// <param name="Stream">The publishers of the stream.</param>
/// <param name="Subject">The publishers of the subject.</param>
/// <param name="Subscribers">The subscribers, in the order in which they were added.</param>
/// <param name="Bookmarks">The bookmarks, in the order in which they were set.</param>
/// <param name="Notices">The newest notices.</param>
internal sealed record DashboardFrame(
    string Run,
    double Time,
    bool Completed,
    int Rate,
    int Publishers,
    long Memory,
    SideFrame Stream,
    SideFrame Subject,
    IReadOnlyList<SubscriberFrame> Subscribers,
    IReadOnlyList<BookmarkFrame> Bookmarks,
    IReadOnlyList<Notice> Notices);
