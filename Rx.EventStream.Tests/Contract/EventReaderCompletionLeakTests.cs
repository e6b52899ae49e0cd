namespace Rx.Tests.Contract;

[TestFixture]
internal sealed class EventReaderCompletionLeakTests
{
    [Test]
    public void Completion_RequestedThenDisposedRepeatedly_DoesNotLeak()
    {
        const int Count = 50_000;
        using var stream = new EventStream<int>();
        AskAndDispose(1_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        AskAndDispose(Count);

        // The smallest object that could leak for each reader is larger than 16 bytes.
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Count * 16));

        void AskAndDispose(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using EventReader<int> reader = stream.AsObservable().OpenReader();
                // Reading the exception marks it as observed, so that the runtime does not report it.
                _ = reader.Completion.Exception;
                // Publishing does not remove the entries.
                stream.OnNext(i);
            }
        }
    }
}
