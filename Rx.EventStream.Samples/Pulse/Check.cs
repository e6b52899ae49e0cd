namespace Rx.Samples.Pulse;

/// <summary>A check of the numbers at the end of a run.</summary>
/// <param name="Statement">What must be true.</param>
/// <param name="Failure">Why it is not true; null if the check passed.</param>
internal sealed record Check(string Statement, string? Failure)
{
    public bool IsPassed => Failure is null;

    public static Check Equal(string statement, long actual, long expected) =>
        new(statement, actual == expected ? null : $"{actual:N0} instead of {expected:N0}");
}
