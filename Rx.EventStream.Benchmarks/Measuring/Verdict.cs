namespace Rx.Benchmarks.Measuring;

/// <summary>Whether a target is met, as far as the repetitions tell.</summary>
internal enum Verdict
{
    /// <summary>There is no target.</summary>
    None,

    Met,

    Missed,

    /// <summary>Some repetitions are within the target and some are not: more than chance explains for neither side.</summary>
    NotToldApart,
}
