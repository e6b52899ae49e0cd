namespace Rx.Storage;

/// <summary>The stacks that most logs never use.</summary>
internal sealed class SideWaiters
{
    /// <summary>Those who wait for nothing but the end.</summary>
    internal WaiterStack ForEnd;

    /// <summary>Those who wait for subscribers to move.</summary>
    internal WaiterStack ForProgress;
}
