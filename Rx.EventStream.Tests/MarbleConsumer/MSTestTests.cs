using System.Reactive.Linq;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Rx.Testing;

namespace Rx.Tests.MarbleConsumer;

[TestClass]
public class MSTestTests
{
    [TestMethod]
    public void Delay_AnyEvent_ComesLater() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("-a-b|");
        scheduler.Expect(source.Delay(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a-b|");
    });

    [TestMethod]
    public void Delay_ExpectedTooLate_Fails() => MarbleScheduler.Run(scheduler =>
    {
        MarbleSource<char> source = scheduler.Hot("-a-b|");
        scheduler.Expect(source.Delay(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a--b|");
    });
}
