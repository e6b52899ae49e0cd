namespace Rx.Tests.Contract;

[TestFixture]
internal sealed class EventReaderCompletionLeakTests
{
    [Test]
    public void Completion_AskedForAndDisposedOverAndOver_LeavesNothingBehind()
    {
        const int Count = 50_000;
        using var stream = new EventStream<int>();
        AskAndDispose(1_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        AskAndDispose(Count);

        // The smallest object that could be left for each is larger.
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Count * 16));

        void AskAndDispose(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using EventReader<int> reader = stream.AsObservable().OpenReader();
                // Its error is looked at, so that nobody reports it as unobserved.
                _ = reader.Completion.Exception;
                // Events come and go, and take no such entries with them.
                stream.OnNext(i);
            }
        }
    }
}
