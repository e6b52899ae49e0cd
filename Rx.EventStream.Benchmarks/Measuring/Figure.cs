namespace Rx.Benchmarks.Measuring;

/// <summary>A figure that contenders are compared by.</summary>
/// <param name="Name">Its name, for <c>--only</c> and the tables.</param>
/// <param name="What">What is measured, in one line.</param>
/// <param name="Quantity">Which part of a sample it is.</param>
/// <param name="Peer">Whom ours is held against.</param>
/// <param name="Limits">How it is held against.</param>
internal sealed record Figure(string Name, string What, Quantity Quantity, string Peer, Limits Limits)
{
    public double Of(Sample sample) => Quantity switch
    {
        Quantity.Time => sample.Nanoseconds,
        Quantity.TailTime => sample.TailNanoseconds,
        _ => sample.Bytes,
    };
}
