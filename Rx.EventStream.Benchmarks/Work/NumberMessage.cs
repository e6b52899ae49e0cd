namespace Rx.Benchmarks.Work;

/// <summary>A number as a message: the messenger's messages must be classes.</summary>
internal sealed record NumberMessage(int Value);
