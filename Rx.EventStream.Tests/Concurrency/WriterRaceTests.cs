namespace Rx.Tests.Concurrency;

/// <summary>Two writers race, many times, with one observer on the publishing thread.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class WriterRaceTests(int capacity)
{
    private const int Rounds = 3_000;

    private EventStream<int> NewStream() => new(new EventStreamOptions { SegmentCapacity = capacity });

    [Test]
    public void OnNext_RacesOnNext_InlineObserverGetsAllInOneOrder()
    {
        Race.Run(
            Rounds * 3,
            () =>
            {
                var state = new ObservedStream(NewStream());
                state.Start = state.Stream.GetNextPosition();
                state.Subscribe(state.Stream.AsObservable());
                return state;
            },
            state =>
            {
                state.Stream.OnNext(10);
                state.Stream.OnNext(11);
            },
            state =>
            {
                state.Stream.OnNext(20);
                state.Stream.OnNextRange([21, 22]);
            },
            state =>
            {
                using EventReader<int> reader = state.Start!.OpenReader();
                var order = new List<int>();
                while (reader.TryRead(out int value))
                {
                    order.Add(value);
                }

                Assert.That(order, Is.EquivalentTo(new[] { 10, 11, 20, 21, 22 }));
                Assert.That(order.Where(v => v < 20), Is.Ordered);
                Assert.That(order.IndexOf(22), Is.EqualTo(order.IndexOf(21) + 1), "A range is contiguous.");
                Assert.That(state.Observer.Events, Is.EqualTo(order));
                Assert.That(state.Observer.Breach, Is.Null);
            });
    }

    [Test]
    public void OnCompleted_RacesOnNext_NothingComesAfterTheEnd()
    {
        Race.Run(
            Rounds,
            () =>
            {
                var state = new ObservedStream(NewStream());
                state.Subscribe(state.Stream.AsObservable());
                return state;
            },
            state => state.Stream.OnCompleted(),
            state =>
            {
                for (int i = 0; i < 4; i++)
                {
                    state.Stream.OnNext(i);
                }
            },
            state =>
            {
                Assert.That(state.Observer.Breach, Is.Null);
                Assert.That(state.Observer.Terminals, Is.EqualTo(1));
                Assert.That(state.Observer.Events, Is.EqualTo(Enumerable.Range(0, state.Observer.Count)));
                Assert.That(state.Observer.Count, Is.EqualTo(state.Stream.Log.End));
            });
    }
}
