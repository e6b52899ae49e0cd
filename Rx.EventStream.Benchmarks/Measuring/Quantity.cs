namespace Rx.Benchmarks.Measuring;

/// <summary>Which part of a <see cref="Sample"/> is compared.</summary>
internal enum Quantity
{
    Time,
    TailTime,
    Bytes,
}
