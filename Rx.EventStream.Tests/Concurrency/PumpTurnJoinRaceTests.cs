using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>A pump takes its turn among the observers while an event is being published: the event reaches it by its turn, or without.</summary>
[NonParallelizable]
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class PumpTurnJoinRaceTests(StreamConfiguration configuration)
{
    private const int Rounds = 3_000;

    /// <summary>So many that publishing takes about as long as subscribing.</summary>
    private const int Events = 60;

    /// <summary>
    /// <code>
    /// P (writer):     no joiner;  claim; mark;  no joiner: the turn is not called
    /// C (subscriber):             turn is listed; joiner;  the event is claimed? then it comes without a call
    /// </code>
    /// </summary>
    [Test]
    public void Subscribe_AsEventsArePublished_ObserverGetsEach()
    {
        EventStream<int> stream = null!;
        EventObservable<int> observable = null!;
        RecordingObserver<int> observer = null!;
        TightRace.Run(
            Rounds,
            arrange: () =>
            {
                stream?.Dispose();
                stream = configuration.Create<int>();
                stream.Subscribe(new RecordingObserver<int>());
                stream.OnNext(0); // the writer owns the delivery
                observable = stream.GetNextPosition().AsObservable().ObserveOn(CurrentThreadScheduler.Instance);
                observer = new RecordingObserver<int>();
            },
            first: () =>
            {
                for (int i = 1; i <= Events; i++)
                {
                    stream.OnNext(i);
                }
            },
            second: () => observable.Subscribe(observer),
            check: () => observer.Values.SequenceEqual(Enumerable.Range(1, Events)) ? null : $"The observer has {observer.Count} events.");
    }
}
