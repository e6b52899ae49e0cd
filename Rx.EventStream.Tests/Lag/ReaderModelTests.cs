using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>Random scripts of readers against a model: what they read, their figures, and what the stream keeps for them.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ReaderModelTests(StreamConfiguration configuration)
{
    private const int Scripts = 2_000;

    [Test]
    public void Scripts_OfReaders_AgreeWithTheModel()
    {
        for (int seed = 0; seed < Scripts; seed++)
        {
            using var script = new ReaderScript(configuration, seed);
            script.Run();
        }
    }
}
