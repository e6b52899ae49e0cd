using Rx.AspNetCore.Dashboard;

namespace Rx.Samples.Dashboard;

/// <summary>A subscriber on both sides: one observer of the stream, and an equal observer of the subject.</summary>
internal sealed class SubscriberPair
{
    private readonly EventSubscription _subscription;
    private readonly IDisposable _subjectSubscription;
    private readonly LagPolicy _policy;
    private readonly SchedulerKind _scheduler;
    private readonly int? _speed;
    private readonly long _joined;
    private readonly PacedObserver _observer;
    private readonly PacedObserver _subjectObserver;
    private readonly RateMeter _rate = new();
    private readonly RateMeter _subjectRate = new();

    /// <summary>Subscribes on both sides.</summary>
    /// <param name="id">The subscriber's id.</param>
    /// <param name="name">The subscriber's name.</param>
    /// <param name="stream">The stream, at the position where the subscriber joins and on its scheduler, without a lag policy.</param>
    /// <param name="policy">The lag policy.</param>
    /// <param name="scheduler">The kind of the stream's scheduler.</param>
    /// <param name="speed">The maximum events per second that the observer handles; null for no maximum.</param>
    /// <param name="subject">The subject. Its observers always join now, and are called on the publishing thread.</param>
    public SubscriberPair(
        int id, string name, EventObservable<PublishedEvent> stream, LagPolicy policy, SchedulerKind scheduler, int? speed, IObservable<PublishedEvent> subject)
    {
        Id = id;
        Name = name;
        _policy = policy;
        _scheduler = scheduler;
        _speed = speed;
        _observer = new PacedObserver(speed);
        _subjectObserver = new PacedObserver(speed);

        _subscription = stream.WithLagPolicy(policy).WithName(name).Subscribe(_observer);
        long sequence;
        do
        {
            // The counts belong together if the subscription has not moved in between.
            sequence = _subscription.Sequence;
            _joined = sequence - _subscription.Delivered - _subscription.Dropped;
        }
        while (sequence != _subscription.Sequence);

        _subjectSubscription = subject.Subscribe(_subjectObserver);
        _observer.Start();
        _subjectObserver.Start();
    }

    public int Id { get; }

    public string Name { get; }

    /// <summary>The number of events that the stream keeps for this subscriber.</summary>
    public long Held => _policy == LagPolicy.Unbounded ? _subscription.Lag : 0;

    /// <summary>Stalls both observers, so that the next call to OnNext blocks its thread, or releases them.</summary>
    public void Stall(bool isStalled)
    {
        _observer.IsStalled = isStalled;
        _subjectObserver.IsStalled = isStalled;
    }

    /// <summary>Disposes the subscriptions, then releases the calling threads, so that a thread does not call again.</summary>
    public void Unsubscribe()
    {
        _subscription.Dispose();
        _subjectSubscription.Dispose();
        _observer.Release();
        _subjectObserver.Release();
    }

    /// <summary>Captures the current measurements. Not thread-safe.</summary>
    /// <param name="time">The current time, in seconds.</param>
    public SubscriberFrame CaptureFrame(double time)
    {
        long delivered = _subscription.Delivered;
        long subjectDelivered = _subjectObserver.Delivered;
        return new SubscriberFrame(
            Id,
            Name,
            _policy.ToString(),
            _scheduler,
            _speed,
            _joined,
            _observer.IsStalled,
            _observer.End,
            _subscription.Sequence,
            _subscription.Lag,
            _subscription.Dropped,
            delivered,
            _rate.Read(time, delivered),
            new SubjectSubscriberFrame(subjectDelivered, _subjectRate.Read(time, subjectDelivered), _subjectObserver.IsBusy, _subjectObserver.End));
    }
}
