namespace Rx.Samples.Dashboard;

/// <summary>The kinds of <see cref="LagPolicy"/>, as requests name them.</summary>
internal enum PolicyKind
{
    Retain,
    DropOldest,
    Latest,
    Fail,
    Wait,
}
