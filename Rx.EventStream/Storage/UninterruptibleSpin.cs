namespace Rx.Storage;

/// <summary>A turn of a wait in which the thread does not sleep, as in <see cref="SpinWait"/>: <see cref="Thread.Interrupt"/> would throw there, where the
/// caller has taken what it must give back.</summary>
internal static class UninterruptibleSpin
{
    private const int SpinsBeforeYield = 30;

    internal static void Once()
    {
        Thread.SpinWait(SpinsBeforeYield);
        Thread.Yield();
    }
}
