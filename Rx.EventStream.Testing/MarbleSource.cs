using System.Reactive;
using System.Reactive.Disposables;

namespace Rx.Testing;

/// <summary>An observable that plays marbles on a <see cref="MarbleScheduler"/>, and knows when it was subscribed to.</summary>
/// <remarks>
/// A hot source plays them once, whether or not it has observers. A cold source plays them for each observer from the start.
/// <para>A subscription ends with the last notification, or when the observer unsubscribes.</para>
/// <para><b>Concurrency:</b> several threads may subscribe and unsubscribe at the same time. Notifications come on the thread that runs the scheduler.</para>
/// </remarks>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class MarbleSource<T> : IObservable<T>
{
    private readonly Lock _lock = new();
    private readonly MarbleScheduler _scheduler;
    private readonly (long Tick, Notification<T> Notification)[] _events;
    private readonly bool _isHot;
    private readonly List<(int Subscription, IObserver<T> Observer)> _observers = [];
    private readonly List<MarbleSubscription> _subscriptions = [];

    internal MarbleSource(MarbleScheduler scheduler, (long Tick, Notification<T> Notification)[] events, bool isHot)
    {
        (_scheduler, _events, _isHot) = (scheduler, events, isHot);
        Subscriptions = _subscriptions.AsReadOnly();

        if (isHot)
        {
            scheduler.PlayWhenStarted(events.Select(e => e.Tick).DefaultIfEmpty(long.MaxValue).Min(), Play);
        }
    }

    /// <summary>The subscriptions, in their order. The list grows while the scheduler runs.</summary>
    public IReadOnlyList<MarbleSubscription> Subscriptions { get; }

    /// <inheritdoc/>
    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        int subscription;

        lock (_lock)
        {
            subscription = _subscriptions.Count;
            _subscriptions.Add(new MarbleSubscription(_scheduler.Clock, long.MaxValue));
            _observers.Add((subscription, observer));
        }

        var ending = new CompositeDisposable(Disposable.Create(() => End(subscription)));

        if (!_isHot)
        {
            long start = _scheduler.Clock;

            foreach ((long tick, Notification<T> notification) in _events)
            {
                ending.Add(_scheduler.ScheduleAt(start + tick, () => Call(notification, [(subscription, observer)])));
            }
        }

        return ending;
    }

    private void Play()
    {
        foreach ((long tick, Notification<T> notification) in _events)
        {
            _scheduler.ScheduleAt(tick, () =>
            {
                (int, IObserver<T>)[] observers;

                lock (_lock)
                {
                    observers = [.. _observers];
                }

                Call(notification, observers);
            });
        }
    }

    private void Call(Notification<T> notification, (int Subscription, IObserver<T> Observer)[] observers)
    {
        foreach ((int subscription, IObserver<T> observer) in observers)
        {
            notification.Accept(observer);

            if (notification.Kind != NotificationKind.OnNext)
            {
                End(subscription);
            }
        }
    }

    private void End(int subscription)
    {
        lock (_lock)
        {
            if (_observers.RemoveAll(o => o.Subscription == subscription) > 0)
            {
                _subscriptions[subscription] = _subscriptions[subscription] with { Unsubscribed = _scheduler.Clock };
            }
        }
    }
}
