using System.Reactive.Linq;
using Rx.Testing;
using Xunit;

namespace Rx.Tests.MarbleConsumer;

public class XunitV3Tests
{
    [Fact]
    public void Delay_AnyEvent_ComesLater() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("-a-b|");
        scheduler.Expect(source.Delay(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a-b|");
    });

    [Fact]
    public void Delay_ExpectedTooLate_Fails() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("-a-b|");
        scheduler.Expect(source.Delay(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a--b|");
    });
}
