namespace Rx.Tests.Retaining;

/// <summary>A clock is foreign code: it may throw whenever it is asked.</summary>
[TestFixture]
internal sealed class ThrowingClockTests
{
    private const int Count = 10;

    [Test]
    public void OnNext_ClockThrowsOnce_ThatEventIsRefusedAndAllOthersAreThere(
        [Values(1, 4)] int capacity, [Values] bool isSingleWriter, [Range(1, Count)] int asked)
    {
        var clock = new Clock(asked);
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

        var there = new List<int>();
        using EventReader<int> reader = stream.GetOldestPosition().OpenReader();
        while (reader.TryRead(out int value))
        {
            there.Add(value);
        }

        Assert.That(refused, Has.Count.EqualTo(1));
        Assert.That(there, Is.EqualTo(Enumerable.Range(0, Count).Except(refused)));
    }

    /// <summary>Throws when it is asked for the time for the nth time.</summary>
    private sealed class Clock(int throwsAt) : TimeProvider
    {
        private int _asked = -1; // the stream reads it once when it is created

        public override long GetTimestamp() => ++_asked == throwsAt ? throw new TimeoutException() : 0;
    }
}
