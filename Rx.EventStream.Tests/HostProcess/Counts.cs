namespace Rx.Tests.HostProcess;

/// <summary>What was done.</summary>
internal sealed class Counts
{
    public long Published;
    public long Forwarded;
    public long Handled;

    public bool IsStuck { get; init; }
}
