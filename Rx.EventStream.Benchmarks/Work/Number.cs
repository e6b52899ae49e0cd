namespace Rx.Benchmarks.Work;

/// <summary>An event of a type that only one scenario uses, so that the runtime compiles the code for it separately.</summary>
internal readonly record struct Number(int Value);
