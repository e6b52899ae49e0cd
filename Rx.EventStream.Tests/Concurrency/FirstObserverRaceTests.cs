using System.Reactive;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>The only observer on the publishing thread subscribes, or is disposed, while another thread publishes or ends the stream: what it gets, and
/// its figures.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class FirstObserverRaceTests(StreamConfiguration configuration)
{
    private const int Rounds = 20_000;

    private EventStream<int> _stream = null!;
    private EventSubscription _subscription = null!;
    private int _calls;

    /// <summary>The observer opens the delivery, takes its place in the list, and is live at the next event. An event in between is delivered to no
    /// observer.</summary>
    [Test]
    public void Subscribe_RacesOnNext_FiguresAreThoseOfTheEnd() =>
        TightRace.Run(Rounds, Create, Subscribe, () => _stream.OnNext(1), () => WrongFigures(published: 1));

    /// <summary>A run is published at once.</summary>
    [Test]
    public void Subscribe_RacesOnNextRange_GetsAllOrNothing() =>
        TightRace.Run(
            Rounds,
            Create,
            Subscribe,
            () => _stream.OnNextRange([1, 2, 3, 4, 5]),
            () => configuration.Options.SingleWriter || _calls is 0 or 5 ? WrongFigures(published: 5) : $"{_calls} of 5 events");

    /// <summary>The terminal event is no event.</summary>
    [Test]
    public void Subscribe_RacesOnNextAndOnCompleted_FiguresAreThoseOfTheEnd() =>
        TightRace.Run(Rounds, Create, Subscribe, PublishAndComplete, () => WrongFigures(published: 1));

    [Test]
    public void Dispose_RacesOnCompleted_CountsNoTerminalEvent() =>
        TightRace.Run(Rounds, CreateAndSubscribe, () => _subscription.Dispose(), () => _stream.OnCompleted(), () => WrongFigures(published: 1));

    private void Create()
    {
        _stream = configuration.Create<int>();
        _calls = 0;
    }

    private void CreateAndSubscribe()
    {
        Create();
        Subscribe();
        _stream.OnNext(1);
    }

    private void Subscribe() => _subscription = _stream.AsObservable().Subscribe(Observer.Create<int>(_ => _calls++));

    private void PublishAndComplete()
    {
        _stream.OnNext(1);
        _stream.OnCompleted();
    }

    /// <summary>The figures at rest, and after the subscription is disposed, if they are not those of all events and the calls; else null.</summary>
    private string? WrongFigures(int published)
    {
        string expected = $"Sequence {published}, Lag 0, Delivered {_calls}";
        string atRest = Figures();
        _subscription.Dispose();
        string ended = Figures();
        return (atRest, ended) == (expected, expected) ? null : $"{atRest}; {ended} after {_calls} calls";
    }

    private string Figures() => $"Sequence {_subscription.Sequence}, Lag {_subscription.Lag}, Delivered {_subscription.Delivered}";
}
