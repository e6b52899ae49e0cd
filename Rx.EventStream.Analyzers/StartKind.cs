namespace Rx.Analyzers;

/// <summary>How often a lambda runs on another thread.</summary>
internal enum StartKind
{
    /// <summary>Once, from the call on.</summary>
    Once,

    /// <summary>Many times at once, from the call on.</summary>
    Many,

    /// <summary>Again and again, at times that the code does not tell.</summary>
    Timer,
}
