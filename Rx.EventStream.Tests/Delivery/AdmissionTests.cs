using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Delivery;

/// <summary>A late subscription that waits to be admitted while the draining thread runs dry.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class AdmissionTests(bool isSingleWriter)
{
    [Test]
    public void Admit_EventStillToReplay_TheObserverMayPublish()
    {
        // P (drainer):    publishes 0, passes the late slot; calls the other observer;                            runs dry
        // S (subscriber):                                                               waits, not yet at its barrier
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        InlineDelivery<int> delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        var late = new ActionObserver(value =>
        {
            if (value == 0)
            {
                Assert.That(delivery.IsInside, Is.True, "It is called by the draining thread.");
                delivery.Publish(1, log.Flags);
            }
        });
        var subscription = new InlineSubscription<int>(delivery, late, null, log.JoinNext());
        delivery.Add(subscription);
        var other = new ActionObserver(value => _ = value == 0 && subscription.TryWait());
        delivery.Add(new InlineSubscription<int>(delivery, other, null));

        delivery.Publish(0, log.Flags);
        delivery.Publish(2, log.Flags);

        Assert.That(other.Events, Has.Count.EqualTo(3));
        Assert.That(late.Events, Is.EqualTo(other.Events));
    }

    private sealed class ActionObserver(Action<int> action) : IObserver<int>
    {
        public List<int> Events { get; } = [];

        public void OnNext(int value)
        {
            Events.Add(value);
            action(value);
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
