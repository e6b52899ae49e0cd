using System.Globalization;
using System.Reactive;
using System.Reactive.Concurrency;

namespace Rx.Tests;

/// <summary>What a marble line says, made to happen on a <see cref="TestScheduler"/>. Times are those of the scheduler's clock.</summary>
internal static class TestSchedulerExtensions
{
    /// <summary>Calls the target as the marbles say, each call within the tick of its mark.</summary>
    public static void Publish<T>(this TestScheduler scheduler, IObserver<T> target, string marbles)
        where T : IParsable<T>
    {
        foreach (Recorded<Notification<T>> message in Messages<T>(marbles))
        {
            scheduler.ScheduleAt(message.Time, () => message.Value.Accept(target));
        }
    }

    /// <summary>Runs the action in the tick of each mark, whatever the mark.</summary>
    public static void At(this TestScheduler scheduler, string marbles, Action action)
    {
        foreach (Marble marble in Marbles.Parse(marbles))
        {
            scheduler.ScheduleAt(marble.Tick, action);
        }
    }

    /// <summary>Subscribes now, and records what comes.</summary>
    public static ITestableObserver<T> Observe<T>(this TestScheduler scheduler, IObservable<T> source)
    {
        ITestableObserver<T> observer = scheduler.CreateObserver<T>();
        source.Subscribe(observer);
        return observer;
    }

    /// <summary>Subscribes in the tick of <c>^</c>, disposes in the tick of <c>!</c>, and records what comes between.</summary>
    public static ITestableObserver<T> Observe<T>(this TestScheduler scheduler, IObservable<T> source, string subscription) =>
        scheduler.Observe(() => source, subscription);

    /// <summary>As above, for a source that exists only when the time has come to subscribe.</summary>
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
                _ => throw new FormatException($"A subscription has no marks but '^' and '!': \"{subscription}\"."),
            });
        }

        return observer;
    }

    /// <summary>A source that plays the marbles once, whoever listens.</summary>
    public static ITestableObservable<T> Hot<T>(this TestScheduler scheduler, string marbles)
        where T : IParsable<T> => scheduler.CreateHotObservable(Messages<T>(marbles));

    /// <summary>A source that plays the marbles for each subscriber; its first place is the tick after the subscription.</summary>
    public static ITestableObservable<T> Cold<T>(this TestScheduler scheduler, string marbles)
        where T : IParsable<T> => scheduler.CreateColdObservable(Messages<T>(marbles));

    private static Recorded<Notification<T>>[] Messages<T>(string marbles)
        where T : IParsable<T> =>
        [.. Marbles.Parse(marbles).Select(marble => new Recorded<Notification<T>>(marble.Tick, marble.Kind switch
        {
            MarbleKind.Value => Notification.CreateOnNext(T.Parse(marble.Text, CultureInfo.InvariantCulture)),
            MarbleKind.Completed => Notification.CreateOnCompleted<T>(),
            MarbleKind.Error => Notification.CreateOnError<T>(Marbles.Error),
            _ => throw new FormatException($"'^' and '!' belong to subscriptions: \"{marbles}\"."),
        }))];

    private static void ScheduleAt(this TestScheduler scheduler, long tick, Action action)
    {
        // The scheduler would move it to the next tick without a word.
        if (tick <= scheduler.Clock)
        {
            throw new InvalidOperationException($"Tick {tick} is over: the clock stands at {scheduler.Clock}.");
        }

        scheduler.ScheduleAbsolute(tick, action);
    }
}
