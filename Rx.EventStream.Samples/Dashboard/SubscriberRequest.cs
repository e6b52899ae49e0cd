namespace Rx.Samples.Dashboard;

/// <summary>Asks for a subscriber; what is null is the first choice of its kind.</summary>
/// <param name="Name">What it is called; null for a name that is free.</param>
/// <param name="JoinAt">A <see cref="JoinPoint"/>.</param>
/// <param name="Bookmark">The bookmark's name, where it joins at one.</param>
/// <param name="Policy">A <see cref="PolicyKind"/>.</param>
/// <param name="Capacity">How many events it may be behind, for policies that count.</param>
/// <param name="Speed">The most events it handles in a second; null for as many as it can.</param>
/// <param name="Scheduler">A <see cref="SchedulerKind"/>.</param>
internal sealed record SubscriberRequest(
    string? Name = null,
    string? JoinAt = null,
    string? Bookmark = null,
    string? Policy = null,
    int? Capacity = null,
    int? Speed = null,
    string? Scheduler = null);
