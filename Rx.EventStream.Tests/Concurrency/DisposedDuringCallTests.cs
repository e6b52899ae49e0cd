using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>A subscription disposed while its observer is being called: that call is the last one, and its argument must be intact.</summary>
[TestFixture]
internal sealed class DisposedDuringCallTests
{
    private const int Rounds = 30_000;

    [Test]
    public void WithSequence_DisposedDuringCall_EventHasItsNumber([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<long>(new EventStreamOptions { SingleWriter = isSingleWriter });
        string? wrong = null;
        RaceDispose(
            stream,
            () => stream.AsObservable().WithSequence().Subscribe(
                e => wrong = e.Sequence == e.Value ? wrong : $"Event {e.Value} came with sequence number {e.Sequence}."),
            () => wrong);
    }

    [Test]
    public void Batch_DisposedDuringCall_BatchHoldsTheEvent([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<long>(new EventStreamOptions { SingleWriter = isSingleWriter });
        string? wrong = null;
        RaceDispose(
            stream,
            () => stream.AsObservable().Batch(8).Subscribe(b => wrong = b.Length == 1 ? wrong : $"The batch has {b.Length} events."),
            () => wrong);
    }

    private static void RaceDispose(EventStream<long> stream, Func<IDisposable> subscribe, Func<string?> check)
    {
        long next = 0;
        IDisposable subscription = null!;
        stream.Subscribe(_ => { }); // so that the delivery stays open
        TightRace.Run(Rounds, () => subscription = subscribe(), () => stream.OnNext(next++), () => subscription.Dispose(), check);
    }
}
