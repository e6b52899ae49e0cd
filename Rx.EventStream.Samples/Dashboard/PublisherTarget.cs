namespace Rx.Samples.Dashboard;

/// <summary>The rate of each publisher. Each change creates a new object, so a publisher can detect it.</summary>
internal sealed record PublisherTarget(double PerSecond);
