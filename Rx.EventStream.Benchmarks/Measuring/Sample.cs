namespace Rx.Benchmarks.Measuring;

/// <summary>The result of one repetition, per operation.</summary>
/// <param name="Nanoseconds">The time; for latencies, the median.</param>
/// <param name="Bytes">The allocated bytes, or for some scenarios the bytes that stay in use or are promoted.</param>
/// <param name="TailNanoseconds">For latencies, the 99th percentile; otherwise 0.</param>
internal sealed record Sample(double Nanoseconds, double Bytes, double TailNanoseconds = 0);
