using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>An observer that is disposed while it is being called: that call is its last, and must be a whole one.</summary>
[TestFixture]
internal sealed class DisposedDuringCallTests
{
    private const int Rounds = 30_000;

    [Test]
    public void WithSequence_DisposedDuringTheCall_TheEventHasItsSequence([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<long>(new EventStreamOptions { SingleWriter = isSingleWriter });
        string? wrong = null;
        Meet(stream, () => stream.AsObservable().WithSequence().Subscribe(e => wrong = e.Sequence == e.Value ? wrong : $"{e.Value} came as {e.Sequence}."), () => wrong);
    }

    [Test]
    public void Batches_DisposedDuringTheCall_TheBatchIsTheEvent([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<long>(new EventStreamOptions { SingleWriter = isSingleWriter });
        string? wrong = null;
        Meet(stream, () => stream.AsObservable().Batch(8).Subscribe(b => wrong = b.Length == 1 ? wrong : $"A batch of {b.Length}."), () => wrong);
    }

    private static void Meet(EventStream<long> stream, Func<IDisposable> subscribe, Func<string?> check)
    {
        long next = 0;
        IDisposable subscription = null!;
        stream.Subscribe(_ => { }); // so that the delivery stays open
        Duel.Run(Rounds, () => subscription = subscribe(), () => stream.OnNext(next++), () => subscription.Dispose(), check);
    }
}
