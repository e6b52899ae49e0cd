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
    public void WakeAll_SomeParkedLaterThanOthers_ByOrderThenOldestFirst(
        [Values(3, 40, 1000)] int count, [Values(1, 4, 100)] int late, [Values(1, 5, 500)] int distance)
    {
        var random = new Random(count + late + distance);
        var stack = default(WaiterStack);
        var woken = new List<Owner>();
        List<Owner> owners = [.. Enumerable.Range(0, count).Select(i => new Owner(i / 2, i, woken))];
        for (int i = 0; i < late; i++)
        {
            int from = random.Next(count);
            Owner passed = owners[from];
            owners.RemoveAt(from);
            owners.Insert(Math.Clamp(from + random.Next(-distance, distance + 1), 0, count - 1), passed);
        }

        foreach (Owner owner in owners)
        {
            owner.Park(ref stack);
        }

        stack.WakeAll();

        Assert.That(woken, Is.EqualTo(owners.OrderBy(o => o.Order)), "OrderBy is stable.");
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
