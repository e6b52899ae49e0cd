using System.Reactive.Subjects;
using CommunityToolkit.Mvvm.Messaging;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>Publishing with observers on the publishing thread, or with none.</summary>
internal static class InlineScenarios
{
    private const int Events = 4_000_000;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "publish-0",
            "publish, with no subscriber",
            Events,
            Peers.Replay,
            Limits.Ratio(0.5),
            [
                .. Streams.Both(static options => events => Publish(new EventStream<int>(options), 0, events)),
                Contender.Timed(Peers.Replay, static events => Publish(new ReplaySubject<int>(1000), 0, events)),
                Contender.Timed(Peers.Subject, static events => Publish(new Subject<int>(), 0, events)),
                Contender.Timed(Peers.R3, static events => Publish(new R3.Subject<int>(), 0, events)),
            ]),
        Inline(1, singleWriter: 2.0),
        Inline(10, singleWriter: 0.8),
        OfOneClass(10, new(MultiWriter: 1.3, SingleWriter: 1.1)),
        Synchronized(1, multiWriter: 0.9),
        Synchronized(10, multiWriter: 1.0),
        TwoPublishers(1, new(MultiWriter: 0.6, SingleWriter: null) { Reached = new(MultiWriter: 0.75, SingleWriter: null) }),
        TwoPublishers(4, new(MultiWriter: 0.5, SingleWriter: null) { Reached = new(MultiWriter: 0.75, SingleWriter: null) }),
    ];

    /// <summary>One publisher, against a subject that only one thread can use at a time.</summary>
    private static Scenario Inline(int observers, double singleWriter) => new(
        $"inline-{observers}",
        $"publish to {observers} on the publishing thread, single writer",
        Events,
        Peers.Subject,
        new Limits(null, singleWriter),
        Contender.Timed(Contender.SingleWriter, events => Publish(new EventStream<int>(new() { SingleWriter = true }), observers, events)),
        Contender.Timed(Peers.Subject, events => Publish(new Subject<int>(), observers, events)),
        Contender.Timed(Peers.R3, events => Publish(new R3.Subject<int>(), observers, events)));

    /// <summary>Observers of one class, in code that has never called another class.</summary>
    /// <remarks>The observers of the other scenarios are of one class too, but those scenarios share their code: the runtime compiles a generic
    /// type once for each value type. The events here are of a type that no other scenario uses.</remarks>
    private static Scenario OfOneClass(int observers, Limits limits) => new(
        $"inline-{observers}-same",
        $"publish to {observers} of one class on the publishing thread, the only class that this code has called",
        Events,
        Peers.Subject,
        limits,
        [
            .. Streams.Both(options => events =>
            {
                var stream = new EventStream<Number>(options);
                return PublishNumbers(stream, new NumberTarget<StreamTarget<Number>>(new(stream)), observers, events);
            }),
            Contender.Timed(Peers.Subject, events =>
            {
                var subject = new Subject<Number>();
                return PublishNumbers(subject, new NumberTarget<SubjectTarget<Number>>(new(subject)), observers, events);
            }),
        ]);

    /// <summary>One publisher, against a subject that several threads can use at the same time.</summary>
    private static Scenario Synchronized(int observers, double multiWriter) => new(
        $"inline-{observers}-multi",
        $"publish to {observers} on the publishing thread, several writers allowed",
        Events,
        Peers.Synchronized,
        new Limits(multiWriter, null),
        Contender.Timed(Contender.MultiWriter, events => Publish(new EventStream<int>(), observers, events)),
        Contender.Timed(Peers.Synchronized, events => PublishSynchronized(observers, events)),
        Contender.Timed(Peers.Messenger, events => PublishMessages(observers, events)));

    private static Scenario TwoPublishers(int observers, Limits limits) => new(
        $"publishers-2-to-{observers}",
        $"two publishing threads, {observers} on them",
        Events,
        Peers.Synchronized,
        limits,
        Contender.Timed(Contender.MultiWriter, events =>
        {
            var stream = new EventStream<int>();
            Countdown done = Subscribe(stream, observers, events);
            return FromTwo(new StreamTarget<int>(stream), events, done);
        }),
        Contender.Timed(Peers.Synchronized, events =>
        {
            ISubject<int, int> subject = Subject.Synchronize(new Subject<int>());
            Countdown done = Subscribe(subject, observers, events);
            return FromTwo(new SynchronizedTarget<int>(subject), events, done);
        }));

    private static Session Publish(EventStream<int> stream, int observers, int events) =>
        From(new StreamTarget<int>(stream), events, Subscribe(stream, observers, events), stream.Dispose);

    private static Session Publish(Subject<int> subject, int observers, int events) =>
        From(new SubjectTarget<int>(subject), events, Subscribe(subject, observers, events), subject.Dispose);

    private static Session Publish(ReplaySubject<int> subject, int observers, int events) =>
        From(new ReplayTarget<int>(subject), events, Subscribe(subject, observers, events), subject.Dispose);

    private static Session Publish(R3.Subject<int> subject, int observers, int events)
    {
        var done = new Countdown(observers);
        for (int i = 0; i < observers; i++)
        {
            subject.Subscribe(new R3Counter(new Counter(events, done)));
        }

        return From(new R3Target<int>(subject), events, done, subject.Dispose);
    }

    private static Session PublishSynchronized(int observers, int events)
    {
        ISubject<int, int> subject = Subject.Synchronize(new Subject<int>());
        return From(new SynchronizedTarget<int>(subject), events, Subscribe(subject, observers, events));
    }

    /// <summary>Against a message bus, which any thread may use too, and which calls its recipients on the publishing thread.</summary>
    private static Session PublishMessages(int observers, int events)
    {
        var messenger = new StrongReferenceMessenger();
        var done = new Countdown(observers);
        for (int i = 0; i < observers; i++)
        {
            messenger.Register<Counter, NumberMessage>(new Counter(events, done), static (counter, message) => counter.OnNext(message.Value));
        }

        return From(new MessengerTarget(messenger), events, done, messenger.Reset);
    }

    private static Session PublishNumbers<TTarget>(IObservable<Number> source, TTarget target, int observers, int events)
        where TTarget : struct, ITarget<int>
    {
        var done = new Countdown(observers);
        for (int i = 0; i < observers; i++)
        {
            source.Subscribe(new NumberCounter(events, done));
        }

        return From(target, events, done, ((IDisposable)source).Dispose);
    }

    private static Countdown Subscribe(IObservable<int> source, int observers, int events)
    {
        var done = new Countdown(observers);
        for (int i = 0; i < observers; i++)
        {
            source.Subscribe(new Counter(events, done));
        }

        return done;
    }

    private static Session From<TTarget>(TTarget target, int events, Countdown done, Action? close = null)
        where TTarget : struct, ITarget<int> =>
        new(
            () =>
            {
                Publisher.Publish(target, events);
                done.Wait();
            },
            close);

    private static Session FromTwo<TTarget>(TTarget target, int events, Countdown done)
        where TTarget : struct, ITarget<int>
    {
        var start = new Barrier(2);
        var other = new Thread(() =>
        {
            start.SignalAndWait();
            Publisher.Publish(target, events / 2);
        });
        other.Start();
        return new(() =>
        {
            start.SignalAndWait();
            Publisher.Publish(target, events / 2);
            other.Join();
            done.Wait();
        });
    }
}
