namespace Rx.Benchmarks.Work;

/// <summary>An event of the shared stream, of a typical size.</summary>
internal sealed record Tick(int Number, string Symbol, double Price);
