using Rx.Delivery;

namespace Rx.Tests.Delivery;

[TestFixture]
internal sealed class TurnQueueTests
{
    private TurnQueue _queue = null!;

    [SetUp]
    public void SetUp() => _queue = new TurnQueue();

    [Test]
    public void TryHandOver_NoPublisherWaits_IsFalse() => Assert.That(_queue.TryHandOver(0), Is.False);

    [Test]
    public void TryHandOver_SeveralWait_TheFirstUndeliveredGetsTheDelivery()
    {
        Turn delivered = Enter(3), first = Enter(7), second = Enter(8);

        Assert.That(_queue.TryHandOver(delivered: 5), Is.True);

        Assert.That(_queue.Wait(delivered), Is.False);
        Assert.That(_queue.Wait(first), Is.True);
        Assert.That(second.IsOver, Is.False);
        Assert.That(_queue.IsEmpty, Is.False);
    }

    [Test]
    public void TryHandOver_AllDelivered_CallsThemAndIsFalse()
    {
        Turn first = Enter(3), second = Enter(4);

        Assert.That(_queue.TryHandOver(delivered: 5), Is.False);

        Assert.That(_queue.Wait(first), Is.False);
        Assert.That(_queue.Wait(second), Is.False);
        Assert.That(_queue.IsEmpty, Is.True);
    }

    [Test]
    public void TryHandOver_PublisherTakesAnOffer_GetsTheDeliveryThoughItsEventIsDelivered()
    {
        Turn turn = Enter(3, takesOffer: true);

        Assert.That(_queue.TryHandOver(delivered: 5), Is.True);

        Assert.That(_queue.Wait(turn), Is.True);
    }

    [Test]
    public void TryHandOver_FirstHasLeft_TheNextGetsTheDelivery()
    {
        Turn first = Enter(7), second = Enter(8);
        Assert.That(_queue.TryLeave(first), Is.True);

        Assert.That(_queue.TryHandOver(delivered: 5), Is.True);

        Assert.That(first.IsHandedOver, Is.False);
        Assert.That(_queue.Wait(second), Is.True);
    }

    [Test]
    public void CallDelivered_DrainerLeft_CallsDeliveredAndOfferedOnes()
    {
        Turn offered = Enter(9, takesOffer: true), delivered = Enter(3), waiting = Enter(7);

        _queue.CallDelivered(5);

        Assert.That(_queue.Wait(offered), Is.False);
        Assert.That(_queue.Wait(delivered), Is.False);
        Assert.That(waiting.IsOver, Is.False);
    }

    [Test]
    public void CallAll_SeveralWait_CallsEach()
    {
        Turn[] turns = [Enter(3), Enter(7), Enter(long.MaxValue - 1)];

        _queue.CallAll();

        Assert.That(turns.Select(_queue.Wait), Is.All.False);
        Assert.That(_queue.IsEmpty, Is.True);
    }

    [Test]
    public void TryLeave_Called_IsFalse()
    {
        Turn turn = Enter(3);
        _queue.CallAll();

        Assert.That(_queue.TryLeave(turn), Is.False);
    }

    [Test]
    public void Wait_InterruptedAfterItWasCalled_ReturnsAndStaysInterrupted()
    {
        Turn turn = Enter(3);
        _queue.TryHandOver(delivered: 0);
        Exception? thrown = null;
        bool isHandedOver = false;
        var thread = new Thread(() =>
        {
            Thread.CurrentThread.Interrupt();
            isHandedOver = _queue.Wait(turn);
            try
            {
                Thread.Sleep(1);
            }
            catch (ThreadInterruptedException error)
            {
                thrown = error;
            }
        });
        thread.Start();
        thread.Join();

        Assert.That(isHandedOver, Is.True);
        Assert.That(thrown, Is.Not.Null);
    }

    private Turn Enter(long last, bool takesOffer = false)
    {
        var turn = new Turn(last, takesOffer);
        _queue.Enter(turn);
        return turn;
    }
}
