using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Parking;

[TestFixture]
internal sealed class WaiterStackTests
{
    private WaiterStack _stack;

    [SetUp]
    public void SetUp() => _stack = default;

    [Test]
    public void TakeAll_SeveralPushed_NewestFirstAndStackIsEmpty()
    {
        Waiter[] waiters = [new(), new(), new()];
        foreach (Waiter waiter in waiters)
        {
            _stack.Push(waiter);
        }

        Waiter? taken = _stack.TakeAll();

        Assert.That(taken, Is.SameAs(waiters[2]));
        Assert.That(taken!.Below, Is.SameAs(waiters[1]));
        Assert.That(taken.Below!.Below, Is.SameAs(waiters[0]));
        Assert.That(_stack.IsEmpty, Is.True);
        Assert.That(_stack.TakeAll(), Is.Null);
    }

    [Test]
    public void WakeChain_OwnerParksAgain_RestOfChainIsWoken()
    {
        var last = new Owner();
        var greedy = new Owner();
        last.Park(ref _stack);
        greedy.Park(ref _stack);
        greedy.OnWake = () => greedy.Park(ref _stack);

        _stack.WakeAll();

        Assert.That((greedy.Wakes, last.Wakes), Is.EqualTo((1, 1)));
        Assert.That(_stack.TakeAll(), Is.SameAs(greedy.Waiter));
        Assert.That(greedy.Waiter.Below, Is.Null, "The stack was empty when the entry was pushed again.");
    }

    [Test]
    public void Arm_EntryTakenButOwnerNotYetRead_TakerWakesTheNewOwner()
    {
        var owner = new Owner();
        owner.Park(ref _stack);
        Waiter taken = _stack.TakeAll()!;
        owner.Waiter.Disarm();

        // The entry still counts as on the stack, so the owner does not push it. The taker finds the new owner.
        Assert.That(owner.Waiter.Arm(owner), Is.False);
        WaiterStack.WakeChain(taken);

        Assert.That(owner.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void Arm_AfterTake_IsPushedAgain()
    {
        var owner = new Owner();
        owner.Park(ref _stack);
        Waiter taken = _stack.TakeAll()!;
        Assert.That(taken.Take(), Is.SameAs(owner));

        Assert.That(owner.Waiter.Arm(owner), Is.True);
        Assert.That(owner.Waiter.IsOnStack, Is.True);
    }

    [Test]
    public void WakeAll_Disarmed_WakesNoOwner()
    {
        var owner = new Owner();
        owner.Park(ref _stack);
        owner.Waiter.Disarm();

        _stack.WakeAll();

        Assert.That(owner.Wakes, Is.Zero);
        Assert.That(owner.Waiter.IsOnStack, Is.False);
    }

    [Test]
    public void WakeAll_OneOwnerThrows_OthersAreStillWoken()
    {
        var below = new Owner();
        var broken = new Owner { OnWake = () => throw new InvalidOperationException("The scheduler is gone.") };
        var above = new Owner();
        below.Park(ref _stack);
        broken.Park(ref _stack);
        above.Park(ref _stack);

        ErrorList errors = _stack.WakeAll();

        Assert.That(errors.Throw, Throws.InvalidOperationException);
        Assert.That((above.Wakes, below.Wakes), Is.EqualTo((1, 1)));
        Assert.That(below.Waiter.IsOnStack, Is.False, "An entry that counts as on the stack is never pushed again.");
    }

    [Test]
    public void Sweep_SomeDisarmed_KeepsTheOthersOnTheStack()
    {
        Owner[] owners = [new(), new(), new(), new()];
        foreach (Owner owner in owners)
        {
            owner.Park(ref _stack);
        }

        owners[0].Waiter.Disarm();
        owners[2].Waiter.Disarm();

        _stack.Sweep();

        Assert.That(owners.Select(o => o.Waiter.IsOnStack), Is.EqualTo(new[] { false, true, false, true }));
        _stack.WakeAll();
        Assert.That(owners.Select(o => o.Wakes), Is.EqualTo(new[] { 0, 1, 0, 1 }));
    }

    [Test]
    public void Sweep_OwnerIsReady_WakesIt()
    {
        var owner = new Owner { ReadyAnswers = [true] };
        owner.Park(ref _stack);

        _stack.Sweep();

        Assert.That(owner.Wakes, Is.EqualTo(1));
    }

    /// <summary>One of them may live as long as the stream.</summary>
    [Test]
    public void Take_Entries_NoneKeepsAnother([Values] bool sweeps, [Values] bool hasOrder)
    {
        Owner[] owners = [.. Enumerable.Range(0, 4).Select(_ => new Owner { ReadyAnswers = [true] })];
        for (int i = 0; i < owners.Length; i++)
        {
            owners[i].Waiter.Order = hasOrder ? i : 0;
            owners[i].Park(ref _stack);
        }

        owners[1].Waiter.Disarm();
        if (sweeps)
        {
            _stack.Sweep();
        }
        else
        {
            _stack.WakeAll();
        }

        Assert.That(owners.Select(o => (o.Waiter.IsOnStack, o.Waiter.Below)), Is.All.EqualTo((false, (Waiter?)null)));
    }

    [Test]
    public void Sweep_EventWhileEntriesAreTaken_WakesAllOwners()
    {
        // The writer checks the stack while the sweep has the entries, so it wakes no owner.
        var first = new Owner { ReadyAnswers = [false, true] };
        var second = new Owner { ReadyAnswers = [false, true] };
        first.Park(ref _stack);
        second.Park(ref _stack);

        _stack.Sweep();

        Assert.That((first.Wakes, second.Wakes), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Sweep_EventArrivesAndOneOwnerMovesOn_WakesTheOthers([Values(0, 1, 2)] int mover)
    {
        // S (sweep):  takes all; none has an event              puts all back; checks again
        // P (writer):                  publishes; stack empty
        // M (mover):                   its wait is cancelled, it reads the event, and waits for the next one
        Owner[] owners = [.. Enumerable.Range(0, 3).Select(i => new Owner { ReadyAnswers = [false, i != mover] })];
        foreach (Owner owner in owners)
        {
            owner.Park(ref _stack);
        }

        _stack.Sweep();

        Assert.That(owners.Where((_, i) => i != mover).Select(o => o.Wakes), Is.All.EqualTo(1));
    }

    [Test]
    public void Sweep_OwnerDisposedDuringSweep_OthersAreWoken()
    {
        EventLog<int> log = new(isSingleWriter: false, maxCapacity: 2);
        var parking = new ParkingLot<int>(log);
        ParkedReader[] readers = [new(log, parking), new(log, parking), new(log, parking)];
        foreach (ParkedReader reader in readers)
        {
            reader.Push();
        }

        // Checked last, after the three readers. Then the event comes, and one reader is disposed.
        var last = new Owner();
        last.OnReadyCheck = () =>
        {
            last.OnReadyCheck = null;
            Segment<int> tail = log.TailBeforeClaim();
            log.Publish(tail, log.Claims.Claim(1).Count, 1);
            readers[2].Waiter.Disarm();
            readers[2].Close();
        };
        WaiterStack stack = default;
        last.Park(ref stack);
        Waiter? entries = StackAt<int>.Get(parking, ParkingPlace.Direct).TakeAll();
        while (entries is not null)
        {
            Waiter? below = entries.Below;
            stack.Push(entries);
            entries = below;
        }

        stack.Sweep();

        Assert.That((readers[0].Wakes, readers[1].Wakes), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Sweep_PushDuringSweep_BothStayOnTheStack()
    {
        var old = new Owner();
        var newcomer = new Owner();
        old.Park(ref _stack);
        old.OnReadyCheck = () =>
        {
            old.OnReadyCheck = null;
            newcomer.Park(ref _stack);
        };

        _stack.Sweep();
        _stack.WakeAll();

        Assert.That((old.Wakes, newcomer.Wakes), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Abandon_FewerThanLiveEntries_AsksForNoSweep()
    {
        int asked = Enumerable.Range(0, 100).Count(_ => _stack.Abandon(live: 1000));

        Assert.That(asked, Is.Zero);
    }

    [Test]
    public void Abandon_ManyMoreThanLiveEntries_AsksForASweep()
    {
        bool[] asked = [.. Enumerable.Range(0, 100).Select(_ => _stack.Abandon(live: 1))];

        Assert.That(asked, Has.Some.True);
    }

    /// <summary>Gives the answers in <see cref="ReadyAnswers"/>, one for each check, and repeats the last one.</summary>
    private sealed class Owner : IParked
    {
        private int _checks;

        public Waiter Waiter { get; } = new();

        public bool[] ReadyAnswers { get; init; } = [false];

        public Action? OnWake { get; set; }

        public Action? OnReadyCheck { get; set; }

        public int Wakes { get; private set; }

        public bool IsReadyWhileParked
        {
            get
            {
                OnReadyCheck?.Invoke();
                return ReadyAnswers[Math.Min(_checks++, ReadyAnswers.Length - 1)];
            }
        }

        public void Park(ref WaiterStack stack)
        {
            if (Waiter.Arm(this))
            {
                stack.Push(Waiter);
            }
        }

        public void Wake()
        {
            Wakes++;
            OnWake?.Invoke();
        }
    }
}
