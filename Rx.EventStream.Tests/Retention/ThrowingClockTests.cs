using System.Reactive.Concurrency;

namespace Rx.Tests.Retaining;

/// <summary>A scheduler's clock is foreign code: it may throw whenever it is asked.</summary>
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
            Scheduler = clock,
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
    private sealed class Clock(int throwsAt) : LocalScheduler
    {
        private int _asked;

        public override DateTimeOffset Now => ++_asked == throwsAt ? throw new TimeoutException() : DateTimeOffset.UnixEpoch;

        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action) =>
            throw new NotSupportedException();
    }
}
