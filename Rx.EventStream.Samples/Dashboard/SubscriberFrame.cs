namespace Rx.Samples.Dashboard;

/// <summary>The state of a subscriber on both sides.</summary>
/// <param name="Id">The subscriber's id.</param>
/// <param name="Name">The subscriber's name.</param>
/// <param name="Policy">The lag policy.</param>
/// <param name="Scheduler">The kind of scheduler on which the stream calls it.</param>
/// <param name="Speed">The maximum events per second that it handles; null for no maximum.</param>
/// <param name="Joined">The sequence number at which it joined.</param>
/// <param name="Stalled">Whether it is stalled.</param>
/// <param name="End">How its subscription to the stream ended; null if it has not ended.</param>
/// <param name="Position">The sequence number of its next event.</param>
/// <param name="Lag">How many events it is behind.</param>
/// <param name="Dropped">The number of events that its lag policy dropped.</param>
/// <param name="Delivered">The number of delivered events.</param>
/// <param name="Rate">The number of events delivered in the last second.</param>
/// <param name="Subject">The state of the observer of the subject.</param>
internal sealed record SubscriberFrame(
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
    SubjectSubscriberFrame Subject);
