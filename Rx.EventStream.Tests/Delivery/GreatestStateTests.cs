using Rx.Delivery;

namespace Rx.Tests.Delivery;

[TestFixture]
internal sealed class GreatestStateTests
{
    [Test]
    public void Raise_ToASmallerNumber_StaysTheGreatest()
    {
        var state = default(GreatestState);
        Assert.That((state.Raise(3), state.Raise(2), state.Greatest), Is.EqualTo((3, 3, 3)));
    }

    [TestCase(2, 3)]
    [TestCase(5, 5)]
    public void Raise_AfterClose_ChangesNothing(long closedAt, long expected)
    {
        var state = default(GreatestState);
        state.Raise(3);
        state.Close(closedAt);
        state.Close(9);

        Assert.That((state.Raise(7), state.Greatest), Is.EqualTo((expected, expected)));
    }
}
