namespace Rx.Tests.Concurrency;

/// <summary>Joining at the moment of the end, while another thread still publishes.</summary>
[TestFixture]
internal sealed class JoinAtEndTests
{
    /// <summary>A range claims the sequence number that the terminal event was about to take, and goes on into the next segment. A reader that joins
    /// after the range must see the end.</summary>
    [Test]
    public void GetNextPosition_RangeClaimsBeforeEnd_ReaderSeesTheEnd()
    {
        int[] range = new int[6];
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;

        TightRace.Run(
            rounds: 20_000,
            () =>
            {
                stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
                stream.OnNextRange([0, 1]);
            },
            () => stream.OnCompleted(),
            () =>
            {
                stream.OnNextRange(range);
                reader = stream.GetNextPosition().OpenReader();
            },
            () =>
            {
                long start = reader.Sequence;
                long read = 0;
                while (reader.TryRead(out _))
                {
                    read++;
                }

                Task<bool> more = reader.WaitToReadAsync().AsTask();
                bool hasEnded = more.Wait(TimeSpan.FromSeconds(30));
                reader.Dispose();
                return !hasEnded ? $"The reader joined at {start} and never saw the end."
                    : more.Result || read > 0 ? $"The reader joined at {start}, after all events, and then got {read}."
                    : null;
            });
    }
}
