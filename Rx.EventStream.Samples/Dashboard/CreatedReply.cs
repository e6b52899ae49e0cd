namespace Rx.Samples.Dashboard;

/// <summary>Answers a <see cref="SubscriberRequest"/>.</summary>
internal sealed record CreatedReply(int Id, string Name);
