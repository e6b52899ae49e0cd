namespace Rx.Benchmarks.Work;

/// <summary>An event of the shared stream, as small as those of most systems are.</summary>
internal sealed record Tick(int Number, string Symbol, double Price);
