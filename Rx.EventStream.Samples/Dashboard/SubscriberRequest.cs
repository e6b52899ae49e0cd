namespace Rx.Samples.Dashboard;

/// <summary>A request for a new subscriber. A value that is null selects the default: the first value of an enum.</summary>
/// <param name="Name">The name; null selects a free name.</param>
/// <param name="JoinAt">A <see cref="JoinPoint"/>.</param>
/// <param name="Bookmark">The name of the bookmark, for <see cref="JoinPoint.Bookmark"/>.</param>
/// <param name="Policy">A <see cref="PolicyKind"/>.</param>
/// <param name="Capacity">How many events it may be behind, for policies with a capacity.</param>
/// <param name="Speed">The maximum events per second that it handles; null for no maximum.</param>
/// <param name="Scheduler">A <see cref="SchedulerKind"/>.</param>
internal sealed record SubscriberRequest(
    string? Name = null,
    string? JoinAt = null,
    string? Bookmark = null,
    string? Policy = null,
    int? Capacity = null,
    int? Speed = null,
    string? Scheduler = null);
