namespace Rx.Samples.Dashboard;

/// <summary>How a subscriber fares on both sides.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Policy">What happens when it does not keep up.</param>
/// <param name="Scheduler">What the stream calls it on.</param>
/// <param name="Speed">The most events it handles in a second, or null.</param>
/// <param name="Joined">The sequence it joined at.</param>
/// <param name="Stalled">Whether it was told to stop.</param>
/// <param name="End">How its subscription to the stream ended, or null.</param>
/// <param name="Position">The sequence of its next event.</param>
/// <param name="Lag">How many events it is behind.</param>
/// <param name="Dropped">How many it missed.</param>
/// <param name="Delivered">How many it got.</param>
/// <param name="Rate">How many in the last second.</param>
/// <param name="Subject">The same observer on the subject.</param>
internal sealed record MemberFrame(
    int Id,
    string Name,
    string Policy,
    SchedulerKind Scheduler,
    int? Speed,
    long Joined,
    bool Stalled,
    string? End,
    long Position,
    long Lag,
    long Dropped,
    long Delivered,
    double Rate,
    TwinFrame Subject);
