using Rx.Hosting;

namespace Rx.Tests.HostProcess;

/// <summary>Counts the events of the second stream.</summary>
internal sealed class Counter(Counts counts) : IEventHandler<long>
{
    public async ValueTask HandleAsync(long value, CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (counts.Handled == 1_000)
        {
            Console.WriteLine("running");
            if (counts.IsStuck)
            {
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            }
        }

        counts.Handled++;
    }
}
