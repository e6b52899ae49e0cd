namespace Rx.Samples.Pulse;

/// <summary>Something that must be true of the figures at the end.</summary>
/// <param name="Claim">What is claimed.</param>
/// <param name="Objection">What speaks against it, or null.</param>
internal sealed record Check(string Claim, string? Objection)
{
    public bool IsPassed => Objection is null;

    public static Check Equal(string claim, long actual, long expected) =>
        new(claim, actual == expected ? null : $"{actual:N0} instead of {expected:N0}");
}
