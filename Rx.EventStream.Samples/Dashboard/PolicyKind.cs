namespace Rx.Samples.Dashboard;

/// <summary>The kinds of <see cref="LagPolicy"/>, as requests name them.</summary>
internal enum PolicyKind
{
    Unbounded,
    DropOldest,
    Latest,
    Fail,
    Wait,
}
