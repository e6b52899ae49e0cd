using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Parking;

/// <summary>A writer that publishes as soon as the reader is done with the previous event: each time just as the reader parks.</summary>
/// <remarks>No set-up between the events separates the two threads, so they meet within nanoseconds, and a missing fence shows.</remarks>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class ParkingRaceTests(bool isSingleWriter)
{
    private const int Events = 50_000;

    /// <summary>Far longer than an event takes on a slow machine. Without progress in this time, a wake-up is lost.</summary>
    private static readonly TimeSpan _hangTimeout = TimeSpan.FromSeconds(60);

    [Test]
    public void Publish_AsTheReaderParks_NoWakeUpIsLost()
    {
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        var reader = new ParkedReader(log, parking);
        int read = 0;
        bool isStopped = false;
        var reading = new Thread(() =>
        {
            var random = new Random(1);
            while (read < Events && !Volatile.Read(ref isStopped))
            {
                if (reader.TryRead(out _))
                {
                    Volatile.Write(ref read, read + 1);
                    Thread.SpinWait(random.Next(12));
                    continue;
                }

                int wakes = reader.Wakes;
                reader.Push();
                reader.Recheck();
                var wait = new SpinWait();
                while (reader.Wakes == wakes && !Volatile.Read(ref isStopped))
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                }
            }
        });
        var writing = new Thread(() =>
        {
            var random = new Random(2);
            for (int i = 0; i < Events && !Volatile.Read(ref isStopped); i++)
            {
                var wait = new SpinWait();
                while (Volatile.Read(ref read) < i && !Volatile.Read(ref isStopped))
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                }

                Thread.SpinWait(random.Next(12));
                Segment<int> tail = log.TailBeforeClaim();
                long sequence = log.Claim(1);
                log.Publish(tail, sequence, i);
                parking.WakeReaders();
            }
        });

        reading.Start();
        writing.Start();
        int seen;
        bool isDone;
        do
        {
            seen = Volatile.Read(ref read);
        }
        while (!(isDone = reading.Join(_hangTimeout)) && Volatile.Read(ref read) != seen);
        Volatile.Write(ref isStopped, true);

        Assert.That(isDone && writing.Join(_hangTimeout), Is.True, $"The reader sleeps, although event {read} is published.");
        Assert.That(read, Is.EqualTo(Events));
    }
}
