namespace Rx.Samples.Dashboard;

/// <summary>A subscriber: one observer on the stream, and one just like it on the subject.</summary>
internal sealed class Member
{
    private readonly EventSubscription _subscription;
    private readonly IDisposable _twinSubscription;
    private readonly LagPolicy _policy;
    private readonly SchedulerKind _scheduler;
    private readonly int? _speed;
    private readonly long _joined;
    private readonly PacedObserver _observer;
    private readonly PacedObserver _twin;
    private readonly RateMeter _rate = new();
    private readonly RateMeter _twinRate = new();

    /// <summary>Subscribes on both sides.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="stream">Where it joins the stream, on its scheduler; without a policy.</param>
    /// <param name="policy">What happens when it does not keep up.</param>
    /// <param name="scheduler">What the view's scheduler is called.</param>
    /// <param name="speed">The most events it handles in a second, or null.</param>
    /// <param name="subject">The subject, where one can but join now, and is called by the publisher.</param>
    public Member(
        int id, string name, EventObservable<Mark> stream, LagPolicy policy, SchedulerKind scheduler, int? speed, IObservable<Mark> subject)
    {
        Id = id;
        Name = name;
        _policy = policy;
        _scheduler = scheduler;
        _speed = speed;
        _observer = new PacedObserver(speed);
        _twin = new PacedObserver(speed);

        // What a view returns is a subscription, though Rx's interface cannot say so.
        _subscription = (EventSubscription)stream.WithLagPolicy(policy).WithName(name).Subscribe(_observer);
        long sequence;
        do
        {
            // The figures are of one moment if it has not moved between.
            sequence = _subscription.Sequence;
            _joined = sequence - _subscription.Delivered - _subscription.Dropped;
        }
        while (sequence != _subscription.Sequence);

        _twinSubscription = subject.Subscribe(_twin);
        _observer.Start();
        _twin.Start();
    }

    public int Id { get; }

    public string Name { get; }

    /// <summary>How many events the stream keeps for it.</summary>
    public long Held => _policy == LagPolicy.Unbounded ? _subscription.Lag : 0;

    /// <summary>Makes it keep the next event, and whoever calls with it, on both sides; or lets go.</summary>
    public void Stall(bool isStalled)
    {
        _observer.IsStalled = isStalled;
        _twin.IsStalled = isStalled;
    }

    /// <summary>Ends the subscriptions, and then lets go of who is calling, so that it finds them ended.</summary>
    public void Leave()
    {
        _subscription.Dispose();
        _twinSubscription.Dispose();
        _observer.Release();
        _twin.Release();
    }

    /// <summary>Takes the figures of this moment. For one thread at a time.</summary>
    /// <param name="time">The moment, in seconds.</param>
    public MemberFrame Look(double time)
    {
        long delivered = _subscription.Delivered;
        long twinDelivered = _twin.Delivered;
        return new MemberFrame(
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
            new TwinFrame(twinDelivered, _twinRate.Read(time, twinDelivered), _twin.IsLingering, _twin.End));
    }
}
