using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>A reader that waits again and again while several threads wake it.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.MultiWriter))]
internal sealed class ReaderWakeTests(StreamConfiguration configuration)
{
    /// <summary>A thread that is about to end one wait must not end the next one, for which there is nothing to read yet.</summary>
    [Test]
    public void WaitToReadAsync_True_HasAnEvent()
    {
        const int Publishers = 3;
        const int Readers = 2;
        const int Each = 20_000;
        using EventStream<int> stream = configuration.Create<int>();
        int isEmpty = 0;
        int published = 0;
        EventReader<int>[] readers = [.. Enumerable.Range(0, Readers).Select(_ => stream.OpenReader())];
        Task[] reading = [.. readers.Select(reader => Eventually.OnThread(() =>
        {
            var spin = new SpinWait();
            while (true)
            {
                ValueTask<bool> wait = reader.WaitToReadAsync();
                while (!wait.IsCompleted)
                {
                    spin.SpinOnce(sleep1Threshold: -1);
                }

                if (!wait.GetAwaiter().GetResult())
                {
                    return;
                }

                // One at a time, so that the reader often waits where another event is just being published.
                if (!reader.TryRead(out int _))
                {
                    Interlocked.Increment(ref isEmpty);
                }
            }
        }))];
        Task[] publishing = [.. Enumerable.Range(0, Publishers).Select(seed => Eventually.OnThread(() =>
        {
            var random = new Random(seed);
            for (int i = 0; i < Each; i++)
            {
                stream.OnNext(i);
                Interlocked.Increment(ref published);
                TightRace.Skew(random);
            }
        }))];

        Assert.That(Task.WaitAll(publishing, TimeSpan.FromSeconds(60)), Is.True);
        stream.OnCompleted();
        Assert.That(Task.WaitAll(reading, TimeSpan.FromSeconds(60)), Is.True);

        Assert.That(isEmpty, Is.Zero);
        Array.ForEach(readers, static reader => reader.Dispose());
    }
}
