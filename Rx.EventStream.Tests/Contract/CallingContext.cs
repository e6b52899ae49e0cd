namespace Rx.Tests.Contract;

/// <summary>A context that runs callbacks inside <c>Post</c>.</summary>
internal sealed class CallingContext : SynchronizationContext
{
    public override SynchronizationContext CreateCopy() => this;

    public override void Post(SendOrPostCallback d, object? state) => d(state);
}
