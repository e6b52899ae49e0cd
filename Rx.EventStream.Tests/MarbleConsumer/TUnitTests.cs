using System.Reactive.Linq;
using Rx.Testing;

namespace Rx.Tests.MarbleConsumer;

public class TUnitTests
{
    [Test]
    public void Delay_AnyEvent_ComesLater() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("-a-b|");
        scheduler.Expect(source.Delay(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a-b|");
    });

    [Test]
    public void Delay_ExpectedTooLate_Fails() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("-a-b|");
        scheduler.Expect(source.Delay(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a--b|");
    });
}
