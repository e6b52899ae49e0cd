using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>The publisher's trace travels with the event, and the handler's activity links to it.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class TracingTests(StreamConfiguration configuration)
{
    private static readonly ActivitySource _publishers = new("Rx.Tests.Publishers");

    private readonly string _name = $"orders {Guid.NewGuid()}";

    public enum Calling
    {
        Synchronous,
        Asynchronous,
        Concurrent,
        ByKey,
    }

    public enum Publishing
    {
        One,
        Range,
        Async,
        RangeAsync,
    }

    /// <summary>Every second event is published outside of any activity, so a link that an earlier event has left would show.</summary>
    [Test]
    public async Task Handle_PublishedInAnActivity_LinksToIt([Values] Calling calling, [Values] Publishing publishing, [Values] bool isInlineToo)
    {
        var exported = new List<Activity>();
        using (TracerProvider tracing = Listen(exported))
        {
            using EventStream<int> stream = Create();
            using IDisposable? inline = isInlineToo ? stream.Subscribe(_ => { }) : null;
            EventSubscription subscription = stream.WithName("billing").SubscribeAwait(
                async (value, _) =>
                {
                    Assert.That(Activity.Current?.GetTagItem("rx.eventstream.sequence"), Is.EqualTo((long)value));
                    if (calling != Calling.Synchronous)
                    {
                        await Task.Yield();
                        Assert.That(Activity.Current?.GetTagItem("rx.eventstream.sequence"), Is.EqualTo((long)value));
                    }
                },
                new()
                {
                    MaxConcurrency = calling is Calling.Concurrent or Calling.ByKey ? 3 : 1,
                    PartitionKey = calling == Calling.ByKey ? value => value % 2 : null,
                });
            var published = new List<ActivityContext>();
            for (int i = 0; i < 100; i += 2)
            {
                using (Activity publisher = _publishers.StartActivity("publish")!)
                {
                    published.Add(publisher.Context);
                    await Publish(stream, publishing, i);
                    Assert.That(Activity.Current, Is.SameAs(publisher));
                }

                await Publish(stream, publishing, i + 1);
            }

            await Eventually.Ends(subscription.WhenCaughtUpAsync());
            Assert.That((subscription.Error, subscription.Faults), Is.EqualTo(((Exception?)null, 0L)));

            Activity[] handled = [.. Handled(exported).OrderBy(activity => (long)activity.GetTagItem("rx.eventstream.sequence")!)];
            Assert.That(handled.Select(activity => activity.GetTagItem("rx.eventstream.sequence")), Is.EqualTo(Enumerable.Range(0, 100)));
            Assert.That(
                handled.Select(activity => activity.Links.Select(link => link.Context).SingleOrDefault()),
                Is.EqualTo(published.SelectMany(context => new[] { context, default })));
            Assert.That(handled.Select(activity => (activity.ParentSpanId, activity.Kind, activity.DisplayName, activity.Status)).Distinct(), Is.EqualTo(new[]
            {
                (default(ActivitySpanId), ActivityKind.Consumer, "handle billing", ActivityStatusCode.Unset),
            }));
        }
    }

    [Test]
    public async Task Handle_Throws_ActivityHasTheError([Values] bool isAsynchronous)
    {
        var exported = new List<Activity>();
        using TracerProvider tracing = Listen(exported);
        using EventStream<int> stream = Create();
        EventSubscription subscription = stream.WithFaultPolicy(FaultPolicy<int>.Continue(_ => { })).SubscribeAwait(async (_, _) =>
        {
            if (isAsynchronous)
            {
                await Task.Yield();
            }

            throw new TimeoutException("The database does not answer.");
        });

        stream.OnNext(0);
        await Eventually.Ends(subscription.WhenCaughtUpAsync());

        Activity activity = Handled(exported).Single();
        Assert.That(
            (activity.Status, activity.StatusDescription, activity.DisplayName, activity.Events.Single().Name),
            Is.EqualTo((ActivityStatusCode.Error, "The database does not answer.", $"handle {_name}", "exception")));
    }

    /// <summary>No code but the subscription could tell of it; the process goes on, and so do the events.</summary>
    [Test]
    public async Task Handle_ListenerThrows_IsAFaultOfTheCall([Values] bool isAsynchronous, [Values] bool atStart, [Values] bool continues)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Rx.EventStream",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => ThrowIfOurs(activity, atStart),
            ActivityStopped = activity => ThrowIfOurs(activity, !atStart),
        };
        ActivitySource.AddActivityListener(listener);
        using EventStream<int> stream = Create();
        var faults = new List<EventFault<int>>();
        EventSubscription subscription = stream
            .WithFaultPolicy(continues ? FaultPolicy<int>.Continue(faults.Add) : FaultPolicy<int>.Stop)
            .WithLagPolicy(LagPolicy.Wait(2))
            .ObserveOn(TaskPoolScheduler.Default.Catch<FormatException>(_ => true))
            .SubscribeAwait(async (_, _) =>
            {
                if (isAsynchronous)
                {
                    await Task.Yield();
                }
            });

        for (int i = 0; i < 5; i++)
        {
            await Eventually.Ends(stream.OnNextAsync(i).AsTask());
        }

        await Eventually.Ends(stream.WhenCaughtUpAsync());
        if (continues)
        {
            Assert.That(faults.Select(fault => (fault.Sequence, fault.Exception is FormatException)), Is.EqualTo(Enumerable.Range(0, 5).Select(i => ((long)i, true))));
            Assert.That((subscription.Error, subscription.Delivered), Is.EqualTo(((Exception?)null, 5L)));
            subscription.Dispose();
        }

        await Eventually.Ends(subscription.WhenEndedAsync());
        Assert.That(subscription.Error, continues ? Is.Null : Is.InstanceOf<FormatException>());

        void ThrowIfOurs(Activity activity, bool throws)
        {
            if (throws && _name.Equals(activity.GetTagItem("rx.eventstream.stream")))
            {
                throw new FormatException("The listener throws.");
            }
        }
    }

    /// <summary>A listener, or the exception itself, may throw as the exception is recorded.</summary>
    [Test]
    public async Task Handle_RecordingTheExceptionThrows_TheActivityStops(
        [Values] bool isAsynchronous, [Values] bool isOfTheListener, [Values] bool isBatch)
    {
        int started = 0;
        int stopped = 0;
        ActivityStatusCode status = ActivityStatusCode.Unset;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Rx.EventStream",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => started += IsOurs(activity) ? 1 : 0,
            ActivityStopped = activity => (stopped, status) = IsOurs(activity) ? (stopped + 1, activity.Status) : (stopped, status),
            ExceptionRecorder = (Activity activity, Exception _, ref TagList _) =>
            {
                if (isOfTheListener && IsOurs(activity))
                {
                    throw new FormatException("The listener throws.");
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using EventStream<int> stream = Create();
        EventObservable<int> source = stream.ObserveOn(TaskPoolScheduler.Default.Catch<UnreadableException>(_ => true));
        EventSubscription subscription = isBatch
            ? source.SubscribeAwaitBatch(1, (_, _) => HandleAsync())
            : source.SubscribeAwait((_, _) => HandleAsync());

        stream.OnNext(0);
        await Eventually.Ends(subscription.WhenEndedAsync());

        Assert.That((started, stopped, status), Is.EqualTo((1, 1, ActivityStatusCode.Error)));
        Assert.That(subscription.Error, Is.InstanceOf<UnreadableException>());

        bool IsOurs(Activity activity) => _name.Equals(activity.GetTagItem("rx.eventstream.stream"));

        async ValueTask HandleAsync()
        {
            if (isAsynchronous)
            {
                await Task.Yield();
            }

            throw new UnreadableException(isOfTheListener);
        }
    }

    /// <summary>The subscriber's context stays what it was at <c>Subscribe</c>, between the calls and at the end.</summary>
    [Test]
    public async Task Handle_SubscribedInAnActivity_HasATraceOfItsOwn()
    {
        var exported = new List<Activity>();
        using TracerProvider tracing = Listen(exported);
        using EventStream<int> stream = Create();
        using Activity startUp = _publishers.StartActivity("start")!;
        var keys = new List<Activity?>();
        Activity? atEnd = null;
        EventSubscription subscription = stream.SubscribeAwait(
            (_, _) => ValueTask.CompletedTask,
            new()
            {
                MaxConcurrency = 2,
                PartitionKey = value =>
                {
                    keys.Add(Activity.Current);
                    return value;
                },
                OnCompleted = () => atEnd = Activity.Current,
            });

        stream.OnNextRange([0, 1]);
        stream.OnCompleted();
        await Eventually.Ends(subscription.WhenEndedAsync());

        Assert.That(keys.Append(atEnd), Is.All.SameAs(startUp));
        Assert.That(Handled(exported).Select(activity => activity.TraceId).Append(startUp.TraceId).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public async Task Handle_CaptureActivityOff_HasNoActivity()
    {
        var exported = new List<Activity>();
        using TracerProvider tracing = Listen(exported);
        using EventStream<int> stream = configuration.Create<int>();
        Activity? seen = null;
        EventSubscription subscription = stream.SubscribeAwait((_, _) =>
        {
            seen = Activity.Current;
            return ValueTask.CompletedTask;
        });

        using (_publishers.StartActivity("publish"))
        {
            stream.OnNext(0);
        }

        await Eventually.Ends(subscription.WhenCaughtUpAsync());
        Assert.That((seen, Handled(exported).Count()), Is.EqualTo(((Activity?)null, 0)));
    }

    /// <summary>The retained events have their traces, and keep no activity in memory.</summary>
    [Test]
    public async Task Replay_PublishedInAnActivity_LinksToItAndKeepsItNot()
    {
        var exported = new List<Activity>();
        using TracerProvider tracing = Listen(exported);
        using EventStream<int> stream = Create(Retention.All);
        (WeakReference publisher, ActivityContext context) = PublishTraced(stream, exported);

        GC.Collect();
        Assert.That(publisher.IsAlive, Is.False, "An event keeps no activity.");
        EventSubscription late = stream.SubscribeAwait((_, _) => ValueTask.CompletedTask);
        await Eventually.Ends(late.WhenCaughtUpAsync());

        Assert.That(Handled(exported).Single().Links.Single().Context, Is.EqualTo(context));
    }

    private static async Task Publish(EventStream<int> stream, Publishing publishing, int value)
    {
        switch (publishing)
        {
            case Publishing.One:
                stream.OnNext(value);
                break;
            case Publishing.Range:
                stream.OnNextRange([value]);
                break;
            case Publishing.Async:
                await stream.OnNextAsync(value);
                break;
            case Publishing.RangeAsync:
                await stream.OnNextRangeAsync(new[] { value });
                break;
        }
    }

    private static TracerProvider Listen(ICollection<Activity> exported) =>
        Sdk.CreateTracerProviderBuilder().AddSource("Rx.EventStream", _publishers.Name).AddInMemoryExporter(exported).Build();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Publisher, ActivityContext Context) PublishTraced(EventStream<int> stream, List<Activity> exported)
    {
        using Activity publisher = _publishers.StartActivity("publish")!;
        stream.OnNext(0);
        publisher.Stop();
        exported.Clear();
        return (new WeakReference(publisher), publisher.Context);
    }

    private IEnumerable<Activity> Handled(List<Activity> exported) =>
        exported.ToArray().Where(activity => _name.Equals(activity.GetTagItem("rx.eventstream.stream")));

    private EventStream<int> Create(Retention? retention = null) => new(new EventStreamOptions
    {
        Name = _name,
        CaptureActivity = true,
        SingleWriter = configuration.SingleWriter,
        SegmentCapacity = configuration.SegmentCapacity,
        Retention = retention ?? Retention.None,
    });

    private sealed class UnreadableException(bool isReadable) : Exception
    {
        public override string Message => isReadable ? "It can be read." : throw new FormatException("It cannot be read.");
    }
}
