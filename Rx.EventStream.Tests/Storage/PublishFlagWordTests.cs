using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

[TestFixture]
internal sealed class PublishFlagWordTests
{
    private const int Rounds = 60_000;

    [Test]
    public void Set_WriterSetsAndClearsAnotherFlag_NoFlagIsLost()
    {
        EventLog<int> log = null!;

        TightRace.Run(
            Rounds,
            () => log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64),
            () => log.SetFlag(PublishFlags.HasWaiters),
            () =>
            {
                for (int i = 0; i < 20; i++)
                {
                    log.SetFlag(PublishFlags.PublishedInside);
                    log.ClearFlag(PublishFlags.PublishedInside);
                }
            },
            () => log.Flags == (PublishFlags.HasWaiters | PublishFlags.HandOverPending) ? null : $"The flags are {log.Flags}.");
    }
}
