using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>The <c>Observe…On</c> operators on a <see cref="SynchronizationContext"/>, on any source and on a stream.</summary>
[TestFixture]
internal sealed class SynchronizationContextTests
{
    private readonly QueueingContext _context = new();

    /// <summary>Each operator on a context, as the numbers that its observer gets.</summary>
    private static Func<IObservable<int>, SynchronizationContext, IObservable<int>>[] Operators =>
    [
        static (source, context) => source.ObserveOn(context, LagPolicy.Unbounded),
        static (source, context) => source.ObserveOn(context, LagPolicy.DropOldest(2)),
        static (source, context) => source.ObserveLatestOn(context),
        static (source, context) => source.ObserveLatestByKeyOn(static value => value % 2, context),
        static (source, context) => source.ObserveBatchesOn(context, 2).SelectMany(static batch => batch.ToArray()),
    ];

    private static int[][] Expected => [[1, 2, 3, 4, 5], [4, 5], [5], [5, 4], [1, 2, 3, 4, 5]];

    [Test]
    public void Operators_Null_ThrowForEachArgument()
    {
        IObservable<int> none = null!;
        IObservable<int> source = Observable.Never<int>();
        SynchronizationContext noContext = null!;

        Assert.That(() => none.ObserveOn(_context, LagPolicy.Latest), ThrowsNull("source"));
        Assert.That(() => source.ObserveOn(noContext, LagPolicy.Latest), ThrowsNull("context"));
        Assert.That(() => source.ObserveOn(_context, null!), ThrowsNull("lag"));
        Assert.That(() => none.ObserveLatestOn(_context), ThrowsNull("source"));
        Assert.That(() => source.ObserveLatestOn(noContext), ThrowsNull("context"));
        Assert.That(() => none.ObserveLatestByKeyOn(static v => v, _context), ThrowsNull("source"));
        Assert.That(() => source.ObserveLatestByKeyOn((Func<int, int>)null!, _context), ThrowsNull("key"));
        Assert.That(() => source.ObserveLatestByKeyOn(static v => v, noContext), ThrowsNull("context"));
        Assert.That(() => none.ObserveBatchesOn(_context, 1), ThrowsNull("source"));
        Assert.That(() => source.ObserveBatchesOn(noContext, 1), ThrowsNull("context"));
        Assert.That(() => source.ObserveBatchesOn(_context, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Operators_AnySource_PostToTheContext([Range(0, 4)] int number)
    {
        using var source = new Subject<int>();
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = Operators[number](source, _context).Subscribe(observer);
        PublishFive(source);
        Assert.That(observer.Values, Is.Empty);

        _context.Run();

        Assert.That(observer.Values, Is.EqualTo(Expected[number]));
        Assert.That(observer.IsCompleted, Is.True);
        Assert.That(source.HasObservers, Is.False);
    }

    [Test]
    public void Operators_Stream_UseItsOwnCursor([Range(0, 4)] int number, [Values] bool asObservable, [Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        var observer = new RecordingObserver<int>();
        using IDisposable subscription =
            Operators[number](asObservable ? stream.ObserveOn(new QueueingContext()) : stream, _context).Subscribe(observer);
        Assert.That(stream.Subscriptions, Has.Count.EqualTo(1));
        EventSubscription listed = stream.Subscriptions[0];

        PublishFive(stream);
        Assert.That((observer.Count, listed.Lag), Is.EqualTo((0, 5)));
        _context.Run();

        Assert.That(observer.Values, Is.EqualTo(Expected[number]));
        Assert.That(observer.IsCompleted, Is.True);
        Assert.That((listed.Delivered, listed.Dropped), Is.EqualTo((Expected[number].Length, 5 - Expected[number].Length)));
    }

    /// <summary>Observers that name one context in different ways share its queue, and are called in the order of their subscriptions.</summary>
    [Test]
    public void ObserveOn_OneContextNamedTwice_ObserversTakeTurns()
    {
        using var stream = new EventStream<int>();
        var log = new List<string>();
        stream.ObserveOn(_context, LagPolicy.Unbounded).Subscribe(value => log.Add($"a{value}"));
        stream.ObserveOn(_context).Subscribe(value => log.Add($"b{value}"));
        stream.ObserveOn(_context, LagPolicy.DropOldest(10)).Subscribe(value => log.Add($"c{value}"));

        stream.OnNextRange([1, 2]);
        _context.Run();

        Assert.That(log, Is.EqualTo(new[] { "a1", "b1", "c1", "a2", "b2", "c2" }));
    }

    [Test]
    public void ObserveLatestOn_ThreadOfAContext_CallsThereAndEndsWithTheNewest()
    {
        using var context = new PumpingContext();
        using var stream = new EventStream<int>();
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = stream.ObserveLatestOn(context).Subscribe(observer);

        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext(i);
        }

        stream.OnCompleted();
        Eventually.IsTrue(() => observer.IsEnded, "The observer ends.");

        Assert.That(observer.Threads, Is.EqualTo(new[] { context.ThreadId }));
        Assert.That(observer.Values, Is.Ordered.Ascending);
        Assert.That(observer.Values[^1], Is.EqualTo(999));
        Assert.That(context.Errors, Is.Empty);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint ThrowsNull(string parameter) =>
        Throws.ArgumentNullException.With.Property("ParamName").EqualTo(parameter);

    private static void PublishFive(IObserver<int> observer)
    {
        for (int i = 1; i <= 5; i++)
        {
            observer.OnNext(i);
        }

        observer.OnCompleted();
    }
}
