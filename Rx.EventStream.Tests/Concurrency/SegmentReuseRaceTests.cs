using System.Diagnostics;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>Once the last mark of a segment is visible, the segment may be closed and a later segment may reuse its arrays. From then on its writer
/// must store no mark.</summary>
[TestFixture]
internal sealed class SegmentReuseRaceTests
{
    private static readonly TimeSpan _duration = TimeSpan.FromSeconds(4);

    [TestCase(32)]
    [TestCase(64)]
    [TestCase(256)]
    public void PublishRange_SegmentReusedAtLastMark_StoresNoMoreMarks(int capacity)
    {
        int[] values = new int[capacity];
        Segment<int> segment = new(first: 0, capacity, leases: 0);
        int published = 0;
        int reused = 0;
        bool isOver = false;
        var reuser = new Thread(() =>
        {
            for (int round = 1; !Volatile.Read(ref isOver); round++)
            {
                Segment<int> full = segment;
                while (!full.TryClose())
                {
                    if (Volatile.Read(ref isOver))
                    {
                        return;
                    }
                }

                segment = new Segment<int>(first: 0, full, leases: 0);
                Volatile.Write(ref reused, round);
                while (Volatile.Read(ref published) != round && !Volatile.Read(ref isOver))
                {
                }
            }
        })
        { IsBackground = true };
        reuser.Start();

        string? failure = null;
        MigratingThread.Run(() =>
        {
            long start = Stopwatch.GetTimestamp();
            for (int round = 1; failure is null && Stopwatch.GetElapsedTime(start) < _duration; round++)
            {
                segment.PublishRange(0, values);
                while (Volatile.Read(ref reused) != round)
                {
                }

                for (int i = 0; i < capacity && failure is null; i++)
                {
                    if (segment.IsPublished(i))
                    {
                        failure = $"Round {round}: slot {i} of the next segment is marked, but no writer has claimed it.";
                    }
                }

                Volatile.Write(ref published, round);
            }

            Volatile.Write(ref isOver, true);
        });
        reuser.Join();

        Assert.That(failure, Is.Null);
    }
}
