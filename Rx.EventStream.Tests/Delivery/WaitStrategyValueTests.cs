namespace Rx.Tests.Delivery;

/// <summary>The values of a <see cref="WaitStrategy"/>.</summary>
[TestFixture]
internal sealed class WaitStrategyValueTests
{
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(36_000_000_001)]
    public void SpinThenPark_OutOfRange_ThrowsWithNameValueAndRange(long ticks)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => WaitStrategy.SpinThenPark(TimeSpan.FromTicks(ticks)))!;

        Assert.That(error.ParamName, Is.EqualTo("duration"));
        Assert.That(error.ActualValue, Is.EqualTo(TimeSpan.FromTicks(ticks)));
        Assert.That(error.Message, Does.Contain("more than zero and at most one hour"));
    }

    [Test]
    public void ToString_EachValue_SaysWhatItIs()
    {
        object[] values = [WaitStrategy.Park, WaitStrategy.Spin, WaitStrategy.SpinThenPark(TimeSpan.FromMilliseconds(5))];

        Assert.That(string.Join(' ', values), Is.EqualTo("Park Spin SpinThenPark(00:00:00.0050000)"));
    }
}
