namespace Rx.Samples.Dashboard;

/// <summary>The state of the observer of the subject.</summary>
/// <param name="Delivered">The number of delivered events.</param>
/// <param name="Rate">The number of events delivered in the last second.</param>
/// <param name="Busy">Whether its OnNext blocks the publisher that called it.</param>
/// <param name="End">How its subscription ended; null if it has not ended.</param>
internal sealed record SubjectSubscriberFrame(long Delivered, double Rate, bool Busy, string? End);
