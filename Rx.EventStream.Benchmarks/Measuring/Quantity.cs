namespace Rx.Benchmarks.Measuring;

/// <summary>The part of a <see cref="Sample"/> that is compared.</summary>
internal enum Quantity
{
    Time,
    TailTime,
    Bytes,
}
