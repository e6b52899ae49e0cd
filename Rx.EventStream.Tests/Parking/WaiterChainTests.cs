using Rx.Parking;

namespace Rx.Tests.Parking;

/// <summary>The order in which parked owners are woken.</summary>
[TestFixture]
internal sealed class WaiterChainTests
{
    [Test]
    public void WakeAll_AnyParkingOrder_ByOrderThenOldestFirst([Values(1, 2, 3, 10, 100)] int count)
    {
        var random = new Random(count);
        for (int round = 0; round < 50; round++)
        {
            var stack = default(WaiterStack);
            var woken = new List<Owner>();
            Owner[] owners = [.. Enumerable.Range(0, count).Select(i => new Owner(random.Next(count / 2 + 1), i, woken))];
            foreach (Owner owner in owners)
            {
                owner.Park(ref stack);
            }

            stack.WakeAll();

            Assert.That(woken, Is.EqualTo(owners.OrderBy(o => o.Order)), "OrderBy is stable.");
        }
    }

    [Test]
    public void WakeAll_ParkedInOrderOrAgainstIt_ByOrder([Values] bool isReversed)
    {
        var stack = default(WaiterStack);
        var woken = new List<Owner>();
        Owner[] owners = [.. Enumerable.Range(0, 10).Select(i => new Owner(i, i, woken))];
        foreach (Owner owner in isReversed ? owners.Reverse() : owners)
        {
            owner.Park(ref stack);
        }

        stack.WakeAll();

        Assert.That(woken, Is.EqualTo(owners));
    }

    [Test]
    public void Sweep_OwnersOfEqualOrder_AreStillWokenOldestFirst()
    {
        var stack = default(WaiterStack);
        var woken = new List<Owner>();
        Owner[] owners = [.. Enumerable.Range(0, 5).Select(i => new Owner(0, i, woken))];
        foreach (Owner owner in owners)
        {
            owner.Park(ref stack);
        }

        stack.Sweep();
        stack.WakeAll();

        Assert.That(woken, Is.EqualTo(owners));
    }

    private sealed class Owner(long order, int index, List<Owner> woken) : IParked
    {
        private readonly Waiter _waiter = new() { Order = order };

        public long Order => order;

        public bool IsReadyWhileParked => false;

        public void Park(ref WaiterStack stack)
        {
            if (_waiter.Arm(this))
            {
                stack.Push(_waiter);
            }
        }

        public void Wake() => woken.Add(this);

        public override string ToString() => $"{order} ({index})";
    }
}
