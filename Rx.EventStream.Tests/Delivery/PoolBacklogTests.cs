using Rx.Delivery;

namespace Rx.Tests.Delivery;

/// <summary>What a pool thread takes for granted about the pool's queue.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class PoolBacklogTests
{
    [Test]
    public void IsEmpty_LongQueueThatIsWorkedOff_FalseAndThenTrue()
    {
        const int Actions = 500;
        using var begin = new ManualResetEventSlim();
        using var done = new CountdownEvent(Actions);
        for (int i = 0; i < Actions; i++)
        {
            ThreadPool.QueueUserWorkItem(_ =>
            {
                begin.Wait();
                done.Signal();
            });
        }

        bool[] whileQueued = [.. Enumerable.Range(0, 100).Select(_ => PoolBacklog.IsEmpty)];
        begin.Set();
        done.Wait();

        Assert.That(whileQueued, Is.All.False);
        Assert.That(() => PoolBacklog.IsEmpty, Is.True.After(30_000, 1), "this thread never asks the pool again");
    }
}
