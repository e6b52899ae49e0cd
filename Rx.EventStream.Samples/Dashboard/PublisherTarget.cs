namespace Rx.Samples.Dashboard;

/// <summary>What each publisher of a load is to do. A new object for each change, so that publishers notice.</summary>
internal sealed record PublisherTarget(double PerSecond);
