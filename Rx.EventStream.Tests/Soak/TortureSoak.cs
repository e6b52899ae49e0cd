namespace Rx.Tests.Soak;

/// <summary>Random mixes of everything that the public members can do, on tiny and growth-edge capacities. Every event that was sent arrives
/// once, in one order, and what the stream held is given back.</summary>
[TestFixture(false)]
[TestFixture(true)]
[Category("Soak")]
[NonParallelizable]
internal sealed class TortureSoak(bool isSingleWriter)
{
    [Test]
    public void RandomMix_OfValues_LosesAndKeepsNothing() =>
        Run(seed => new TortureRound<long>(seed, isSingleWriter, static number => number, static value => value));

    /// <summary>Events that are objects: they must be collected once they are delivered.</summary>
    [Test]
    public void RandomMix_OfObjects_LosesAndKeepsNothing() =>
        Run(seed => new TortureRound<Boxed>(seed, isSingleWriter, static number => new Boxed(number), static boxed => boxed.Number));

    private static void Run<T>(Func<int, TortureRound<T>> create)
    {
        // A failure names its seed; to repeat that round first, set RX_SOAK_SEED.
        int seed = int.TryParse(Environment.GetEnvironmentVariable("RX_SOAK_SEED"), out int first) ? first : 1;
        DateTime end = DateTime.UtcNow + SoakTime.PerTest;
        int rounds = 0;
        do
        {
            create(seed++).Run();
            rounds++;
        }
        while (DateTime.UtcNow < end);

        TestContext.Out.WriteLine($"{rounds} rounds");
    }

    private sealed record Boxed(long Number);
}
