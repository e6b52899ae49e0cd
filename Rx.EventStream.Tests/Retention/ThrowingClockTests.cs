namespace Rx.Tests.Retaining;

/// <summary>A time provider is foreign code: any read of it can throw.</summary>
[TestFixture]
internal sealed class ThrowingClockTests
{
    private const int Count = 10;

    [Test]
    public void OnNext_ClockThrowsOnce_OnlyThatEventIsRefused(
        [Values(1, 4)] int capacity, [Values] bool isSingleWriter, [Range(1, Count)] int throwsAt)
    {
        var clock = new Clock(throwsAt);
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SegmentCapacity = capacity,
            SingleWriter = isSingleWriter,
            Retention = Retention.Time(TimeSpan.FromMinutes(1)),
            TimeProvider = clock,
        });
        var refused = new List<int>();
        for (int i = 0; i < Count; i++)
        {
            try
            {
                stream.OnNext(i);
            }
            catch (TimeoutException)
            {
                refused.Add(i);
            }
        }

        var retained = new List<int>();
        using EventReader<int> reader = stream.GetOldestPosition().OpenReader();
        while (reader.TryRead(out int value))
        {
            retained.Add(value);
        }

        Assert.That(refused, Has.Count.EqualTo(1));
        Assert.That(retained, Is.EqualTo(Enumerable.Range(0, Count).Except(refused)));
    }

    /// <summary>Throws on the nth read of the time after the one at the start of the stream.</summary>
    private sealed class Clock(int throwsAt) : TimeProvider
    {
        private int _reads;

        public override long GetTimestamp() => _reads++ == throwsAt ? throw new TimeoutException() : 0;
    }
}
