using System.Collections.Concurrent;
using System.Diagnostics;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats.Handling;

/// <summary>The activities of a handler's calls, linked to the trace in which the event was published, also in another process.</summary>
internal sealed class HandlerTracingTests : HandlerFixture
{
    [Test]
    public async Task Call_PublishedUnderActivity_HasActivityLinkedToIt()
    {
        using var source = new ActivitySource($"{nameof(HandlerTracingTests)}.{Name}");
        var calls = new ConcurrentQueue<Activity>();
        using ActivityListener listener = Listen(source, calls.Enqueue);
        NatsEventStream<Reading> publisher = await OpenAsync();
        NatsEventStream<Reading> stream = await OpenAsync();
        ActivityContext published;
        using (Activity request = source.StartActivity("request")!)
        {
            published = request.Context;
            await publisher.PublishAsync(new Reading("a", 1));
        }

        await publisher.PublishAsync(new Reading("a", 2)); // without an activity
        await using NatsSubscription running = stream.SubscribeAwait(
            static (e, _) => e.Value.Number == 2 ? throw new NotSupportedException("two") : ValueTask.CompletedTask,
            HandlerOptions(name: $"traced-{Name}", reportFault: static _ => { }));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Activity[] ofHandler = [.. calls.Where(call => call.DisplayName == $"handle traced-{Name}")];
        Assert.That(ofHandler.Select(call => call.GetTagItem("rx.eventstream.sequence")), Is.EqualTo([1L, 2L]));
        Assert.That(ofHandler[0].Links.Select(link => link.Context.SpanId), Is.EqualTo([published.SpanId]));
        Assert.That(ofHandler[0].Links.Single().Context.TraceId, Is.EqualTo(published.TraceId));
        Assert.That(ofHandler[0].TraceId, Is.Not.EqualTo(published.TraceId), "a trace of its own");
        Assert.That(ofHandler[1].Links, Is.Empty);
        Assert.That(ofHandler.Select(call => call.Status), Is.EqualTo([ActivityStatusCode.Unset, ActivityStatusCode.Error]));
    }

    [Test]
    public async Task Call_ListenerThrows_IsFaultOfTheEvent()
    {
        var faults = new ConcurrentQueue<Exception>();
        using var source = new ActivitySource($"{nameof(HandlerTracingTests)}.{Name}");
        string call = $"handle hostile-{Name}";
        using ActivityListener listener = Listen(source, activity =>
        {
            if (activity.DisplayName == call)
            {
                throw new InvalidTimeZoneException();
            }
        });
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 1));
        await using NatsSubscription running = stream.SubscribeAwait(
            static (_, _) => ValueTask.CompletedTask,
            HandlerOptions(name: $"hostile-{Name}", reportFault: fault => faults.Enqueue(fault.Exception)));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(faults.Select(fault => fault.GetType()), Is.EqualTo([typeof(InvalidTimeZoneException)]));
        Assert.That((running.Handled, running.Faults), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Call_HandlerThrowsAndListenerToo_IsTheHandlersFault([Values] bool isAtTheEnd)
    {
        var faults = new ConcurrentQueue<Exception>();
        string call = $"handle twice-{Name}";
        int stopped = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Rx.EventStream",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ExceptionRecorder = (Activity activity, Exception _, ref TagList _) => ThrowIf(!isAtTheEnd && activity.DisplayName == call),
            ActivityStopped = activity =>
            {
                stopped += activity.DisplayName == call ? 1 : 0;
                ThrowIf(isAtTheEnd && activity.DisplayName == call);
            },
        };
        ActivitySource.AddActivityListener(listener);
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 1));
        await using NatsSubscription running = stream.SubscribeAwait(
            static (_, _) => throw new NotSupportedException("no"),
            HandlerOptions(name: $"twice-{Name}", reportFault: fault => faults.Enqueue(fault.Exception)));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(faults.Select(fault => fault.GetType()), Is.EqualTo([typeof(NotSupportedException)]));
        Assert.That(stopped, Is.EqualTo(1));

        static void ThrowIf(bool condition)
        {
            if (condition)
            {
                throw new InvalidTimeZoneException();
            }
        }
    }

    private static ActivityListener Listen(ActivitySource source, Action<Activity> onStopped)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = other => other == source || other.Name == "Rx.EventStream",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = onStopped,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
