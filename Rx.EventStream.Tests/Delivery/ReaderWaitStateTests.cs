using Rx.Delivery;

namespace Rx.Tests.Delivery;

[TestFixture]
internal sealed class ReaderWaitStateTests
{
    /// <summary>A thread that looked at the first wait, and is slow, must not complete the second one: for that there may be nothing to read.</summary>
    [Test]
    public void TryComplete_OfAnEarlierWait_LeavesTheNext()
    {
        ReaderWaitState state = default;
        state.TryBegin();
        ReaderWaitState.Snapshot first = state.Read();
        bool isCompleted = state.TryComplete(first);
        state.TryBegin();

        Assert.That(isCompleted, Is.True);
        Assert.That(state.TryComplete(first), Is.False);
        Assert.That(state.IsPending, Is.True);
        Assert.That(state.TryComplete(state.Read()), Is.True);
    }

    [Test]
    public void TryComplete_NoWaitPending_False()
    {
        ReaderWaitState state = default;

        Assert.That(state.TryComplete(state.Read()), Is.False);
        state.TryBegin();
        state.TryComplete(state.Read());
        Assert.That(state.TryComplete(state.Read()), Is.False);
    }

    [Test]
    public void End_FromAnyState_ForGood([Values] bool isPending)
    {
        ReaderWaitState state = default;
        state.TryBegin();
        ReaderWaitState.Snapshot wait = state.Read();
        if (!isPending)
        {
            state.TryComplete(wait);
        }

        Assert.That(state.End(out bool wasPending), Is.True);
        Assert.That((wasPending, state.IsEnded, state.IsPending), Is.EqualTo((isPending, true, false)));
        Assert.That(state.End(out wasPending), Is.False);
        Assert.That((wasPending, state.TryBegin(), state.TryComplete(wait)), Is.EqualTo((false, false, false)));
    }
}
