using Rx.Nats.Waiting;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

[TestFixture]
internal sealed class SequenceWaitsTests
{
    [Test]
    public void Add_Reached_EndsAtOnce()
    {
        var waits = new SequenceWaits(5);

        Assert.That(waits.Add(5).Ended.IsCompletedSuccessfully, Is.True);
        Assert.That(waits.Add(6).IsEnded, Is.False);
        Assert.That(waits.Count, Is.EqualTo(1));
    }

    [Test]
    public void Advance_SeveralWaits_EndsThoseReachedOnly()
    {
        var waits = new SequenceWaits(0);
        SequenceWait[] added = [waits.Add(3), waits.Add(1), waits.Add(2), waits.Add(2)];

        waits.Advance(2);

        Assert.That(added.Select(w => w.IsEnded), Is.EqualTo(new[] { false, true, true, true }));
        Assert.That(waits.Reached, Is.EqualTo(2));
    }

    [Test]
    public void Advance_Lower_DoesNothing()
    {
        var waits = new SequenceWaits(5);

        waits.Advance(3);

        Assert.That(waits.Reached, Is.EqualTo(5));
    }

    [Test]
    public void LowerTo_ReachedNumber_Ends()
    {
        var waits = new SequenceWaits(5);
        SequenceWait wait = waits.Add(9);
        wait.LowerTo(12);
        Assert.That(wait.Sequence, Is.EqualTo(9), "A wait never gets longer.");

        wait.LowerTo(7);
        Assert.That(wait.IsEnded, Is.False);
        wait.LowerTo(5);

        Assert.That(wait.Ended.IsCompletedSuccessfully, Is.True);
        Assert.That(waits.Count, Is.Zero);
    }

    [Test]
    public void LowerTo_LaterNumber_EndsWhenReached()
    {
        var waits = new SequenceWaits(5);
        SequenceWait wait = waits.Add(long.MaxValue);
        wait.LowerTo(7);

        waits.Advance(6);
        Assert.That(wait.IsEnded, Is.False);
        waits.Advance(7);

        Assert.That(wait.Ended.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void End_WaitsAndLaterOnes_FailUnlessReached()
    {
        var waits = new SequenceWaits(5);
        SequenceWait before = waits.Add(6);

        waits.End(new NotSupportedException("first"));
        waits.End(new NotSupportedException("second"));

        Assert.That(before.Ended.Exception?.InnerException?.Message, Is.EqualTo("first"));
        Assert.That(waits.Add(7).Ended.Exception?.InnerException?.Message, Is.EqualTo("first"));
        Assert.That(waits.Add(5).Ended.IsCompletedSuccessfully, Is.True);
        Assert.That(waits.Count, Is.Zero);
    }

    [Test]
    public void Cancel_Waiting_RemovesIt()
    {
        var waits = new SequenceWaits(0);
        SequenceWait first = waits.Add(1);
        SequenceWait second = waits.Add(1);

        first.Cancel(new CancellationToken(true));
        Assert.That(waits.Count, Is.EqualTo(1));
        waits.Advance(1);

        Assert.That(first.Ended.IsCanceled, Is.True);
        Assert.That(second.Ended.IsCompletedSuccessfully, Is.True);
    }

    /// <summary>Without the fence between the number and the look at the waits, a wait that begins at that moment is missed.</summary>
    [Test]
    public async Task Advance_WaitAddedAtTheSameTime_IsNotMissed()
    {
        const int rounds = 200_000;
        var waits = new SequenceWaits(0);
        int advanced = 0;
        int added = 0;
        Task advancing = Eventually.OnThread(() =>
        {
            for (int i = 1; i <= rounds; i++)
            {
                waits.Advance(i);
                Volatile.Write(ref advanced, i);
                SpinWait.SpinUntil(() => Volatile.Read(ref added) >= i);
            }
        });

        for (int i = 1; i <= rounds; i++)
        {
            SequenceWait wait = waits.Add(i);
            SpinWait.SpinUntil(() => Volatile.Read(ref advanced) >= i);
            Assert.That(wait.IsEnded, Is.True, $"Round {i}.");
            Volatile.Write(ref added, i);
        }

        await Eventually.Ends(advancing);
    }
}
