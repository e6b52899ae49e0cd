namespace Rx.Tests.Concurrency;

/// <summary>Joining in the moment of the end, while somebody else still publishes.</summary>
[TestFixture]
internal sealed class JoinAtTheEndTests
{
    /// <summary>The terminal event is beaten to its sequence by a run that goes on into the next segment: who joins there must not be left in between.</summary>
    [Test]
    public void Next_TheEndIsBeatenToItsSequence_JoinerHearsOfTheEnd()
    {
        int[] run = new int[6];
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;

        Duel.Run(
            rounds: 20_000,
            () =>
            {
                stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
                stream.OnNextRange([0, 1]);
            },
            () => stream.OnCompleted(),
            () =>
            {
                stream.OnNextRange(run);
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
                bool isTold = more.Wait(TimeSpan.FromSeconds(30));
                reader.Dispose();
                return !isTold ? $"It joined at {start} and never heard of the end."
                    : more.Result || read > 0 ? $"It joined at {start} behind all, and then got {read}."
                    : null;
            });
    }
}
