using Rx.Parking;

namespace Rx.Tests.Parking;

/// <summary>Members hold publishers back until each has room.</summary>
[TestFixture]
internal sealed class WaitGateTests
{
    [Test]
    public void HasRoom_Members_TheSlowestDecides()
    {
        long first = 0;
        long second = 5;
        var gate = new WaitGate();
        Assert.That(gate.HasRoom(1_000, 1_000), Is.True, "No member holds anything back.");
        gate.Add(new WaitGate.Member(() => first, 0, capacity: 10));
        gate.Add(new WaitGate.Member(() => second, 0, capacity: 2));

        Assert.That((gate.HasRoom(6, 1), gate.HasRoom(7, 1)), Is.EqualTo((true, false)));
        second = 8;
        Assert.That((gate.HasRoom(8, 2), gate.HasRoom(9, 1), gate.HasRoom(10, 1)), Is.EqualTo((true, true, false)));
        first = 8;
        Assert.That(gate.HasRoom(10, 1), Is.False, "The second is at its bound now.");
        second = 9;
        Assert.That((gate.HasRoom(10, 1), gate.HasRoom(11, 1)), Is.EqualTo((true, false)));
    }

    /// <summary>A publisher that waits asks after each move of a member; so must not every member be asked each time.</summary>
    [Test]
    public void HasRoom_AskedAfterEachMove_AsksEachMemberAFewTimes([Values(1, 10, 1_000)] int count)
    {
        long[] sequences = new long[count];
        int asked = 0;
        var gate = new WaitGate();
        for (int i = 0; i < count; i++)
        {
            int index = i;
            gate.Add(new WaitGate.Member(
                () =>
                {
                    asked++;
                    return sequences[index];
                },
                0,
                capacity: 1));
        }

        Assert.That(gate.HasRoom(1, 1), Is.False);
        for (int i = 0; i < count; i++)
        {
            sequences[i] = 1;
            Assert.That(gate.HasRoom(1, 1), Is.EqualTo(i == count - 1));
        }

        Assert.That(asked, Is.LessThanOrEqualTo(4 * count));
    }
}
