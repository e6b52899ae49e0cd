namespace Rx.Samples.Dashboard;

/// <summary>The response to a <see cref="SubscriberRequest"/>.</summary>
internal sealed record CreatedReply(int Id, string Name);
