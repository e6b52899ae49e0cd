using System.Globalization;
using System.Reactive;
using System.Reactive.Concurrency;

namespace Rx.Tests;

/// <summary>Plays marble lines on a <see cref="TestScheduler"/>. Ticks are those of the scheduler's clock.</summary>
internal static class TestSchedulerExtensions
{
    /// <summary>Calls the target for each mark, in the tick of the mark.</summary>
    public static void Publish<T>(this TestScheduler scheduler, IObserver<T> target, string marbles)
        where T : IParsable<T>
    {
        foreach (Recorded<Notification<T>> message in Messages<T>(marbles))
        {
            scheduler.ScheduleAt(message.Time, () => message.Value.Accept(target));
        }
    }

    /// <summary>Runs the action in the tick of each mark, of any kind.</summary>
    public static void At(this TestScheduler scheduler, string marbles, Action action)
    {
        foreach (Marble marble in Marbles.Parse(marbles))
        {
            scheduler.ScheduleAt(marble.Tick, action);
        }
    }

    /// <summary>Subscribes now, and records the notifications.</summary>
    public static ITestableObserver<T> Observe<T>(this TestScheduler scheduler, IObservable<T> source)
    {
        ITestableObserver<T> observer = scheduler.CreateObserver<T>();
        source.Subscribe(observer);
        return observer;
    }

    /// <summary>Subscribes in the tick of <c>^</c>, disposes in the tick of <c>!</c>, and records the notifications in between.</summary>
    public static ITestableObserver<T> Observe<T>(this TestScheduler scheduler, IObservable<T> source, string subscription) =>
        scheduler.Observe(() => source, subscription);

    /// <summary>Does the same for a source that is made only in the tick of the subscription.</summary>
    public static ITestableObserver<T> Observe<T>(this TestScheduler scheduler, Func<IObservable<T>> source, string subscription)
    {
        ITestableObserver<T> observer = scheduler.CreateObserver<T>();
        IDisposable? disposable = null;

        foreach (Marble marble in Marbles.Parse(subscription))
        {
            scheduler.ScheduleAt(marble.Tick, marble.Kind switch
            {
                MarbleKind.Subscribe => () => disposable = source().Subscribe(observer),
                MarbleKind.Dispose => () => disposable?.Dispose(),
                _ => throw new FormatException($"A subscription can have only the marks '^' and '!': \"{subscription}\"."),
            });
        }

        return observer;
    }

    /// <summary>A source that plays the marbles once, whether or not it has subscribers.</summary>
    public static ITestableObservable<T> Hot<T>(this TestScheduler scheduler, string marbles)
        where T : IParsable<T> => scheduler.CreateHotObservable(Messages<T>(marbles));

    /// <summary>A source that plays the marbles for each subscriber. The first character is the tick after the subscription.</summary>
    public static ITestableObservable<T> Cold<T>(this TestScheduler scheduler, string marbles)
        where T : IParsable<T> => scheduler.CreateColdObservable(Messages<T>(marbles));

    private static Recorded<Notification<T>>[] Messages<T>(string marbles)
        where T : IParsable<T> =>
        [.. Marbles.Parse(marbles).Select(marble => new Recorded<Notification<T>>(marble.Tick, marble.Kind switch
        {
            MarbleKind.Value => Notification.CreateOnNext(T.Parse(marble.Text, CultureInfo.InvariantCulture)),
            MarbleKind.Completed => Notification.CreateOnCompleted<T>(),
            MarbleKind.Error => Notification.CreateOnError<T>(Marbles.Error),
            _ => throw new FormatException($"The marks '^' and '!' describe a subscription, not a source: \"{marbles}\"."),
        }))];

    private static void ScheduleAt(this TestScheduler scheduler, long tick, Action action)
    {
        // The scheduler would silently move the action to the next tick.
        if (tick <= scheduler.Clock)
        {
            throw new InvalidOperationException($"Tick {tick} has passed: the clock is at {scheduler.Clock}.");
        }

        scheduler.ScheduleAbsolute(tick, action);
    }
}
