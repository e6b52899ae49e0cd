namespace Rx.Benchmarks.Measuring;

/// <summary>What one repetition measured, each figure per operation.</summary>
/// <param name="Nanoseconds">The time; of latencies the median.</param>
/// <param name="Bytes">The bytes allocated; where a scenario says so, those that stay in use, or are promoted.</param>
/// <param name="TailNanoseconds">Of latencies the 99th percentile; else 0.</param>
internal sealed record Sample(double Nanoseconds, double Bytes, double TailNanoseconds = 0);
