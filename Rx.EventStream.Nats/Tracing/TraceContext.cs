using System.Diagnostics;
using Microsoft.Extensions.Primitives;
using NATS.Client.Core;

namespace Rx.Nats.Tracing;

/// <summary>The W3C trace context in the headers of a message, and the activities that refer to it.</summary>
/// <remarks>
/// The convention is NATS.Net's own, so each side can also be a plain NATS.Net client: the process-wide <see cref="DistributedContextPropagator"/> writes and
/// reads the headers, by default <c>traceparent</c> and <c>tracestate</c>.
/// https://github.com/nats-io/nats.net/blob/main/src/NATS.Client.Core/Internal/Telemetry.cs
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal static class TraceContext
{
    /// <summary>The source of the handlers' activities. It has the name of the core's own source, so one listener gets both.</summary>
    private static readonly ActivitySource _source = new("Rx.EventStream");

    /// <summary>Makes an activity the current one, so that activities of the client become its children. If it has stopped, its nearest ancestor that has not is
    /// taken. Null stands for none.</summary>
    internal static void MakeCurrent(Activity? activity)
    {
        while (activity is { IsStopped: true })
        {
            activity = activity.Parent;
        }

        Activity.Current = activity;
    }

    /// <summary>Writes the context of an activity into headers.</summary>
    internal static void Write(Activity activity, NatsHeaders headers) =>
        DistributedContextPropagator.Current.Inject(
            activity, headers, static (carrier, name, value) => ((NatsHeaders)carrier!)[name] = value);

    /// <summary>Reads the context of the activity under which a message was published. False if the headers contain none, or none that is valid.</summary>
    internal static bool TryRead(NatsHeaders? headers, out ActivityContext context)
    {
        context = default;
        if (headers is null)
        {
            return false;
        }

        DistributedContextPropagator.Current.ExtractTraceIdAndState(headers, Get, out string? parent, out string? state);
        return ActivityContext.TryParse(parent, state, isRemote: true, out context);
    }

    /// <summary>Starts the activity of a call of a handler, with a link to the activity under which the event was published, and makes it current; null if no
    /// listener wants it.</summary>
    /// <remarks>The activity begins a trace of its own, as that of a handler of a local stream does: the handler can run long after the publisher's activity
    /// has ended.</remarks>
    /// <param name="stream">The name of the stream on the server.</param>
    /// <param name="subscription">The name of the subscription, or null.</param>
    /// <param name="sequence">The sequence number of the event, or of the first one.</param>
    /// <param name="headers">The headers of the event's message, or null.</param>
    /// <param name="count">The number of events of the call.</param>
    internal static Activity? StartHandling(string stream, string? subscription, long sequence, NatsHeaders? headers, int count = 1)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        Activity? outer = Activity.Current;
        Activity.Current = null;
        Activity? activity = _source.CreateActivity(
            $"handle {subscription ?? stream}",
            ActivityKind.Consumer,
            parentContext: default,
            tags:
            [
                new("rx.eventstream.stream", stream), new("rx.eventstream.subscription", subscription),
                new("rx.eventstream.sequence", sequence), new("rx.eventstream.count", count), new("messaging.system", "nats"),
            ],
            links: TryRead(headers, out ActivityContext publisher) ? [new ActivityLink(publisher)] : null);
        activity?.Start();
        if (activity is null)
        {
            Activity.Current = outer;
        }

        return activity;
    }

    private static void Get(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        value = null;
        values = null;
        if (((NatsHeaders)carrier!).TryGetValue(name, out StringValues found))
        {
            if (found.Count == 1)
            {
                value = found[0];
            }
            else
            {
                values = found!;
            }
        }
    }
}
