using System.Diagnostics;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Creates an <see cref="Activity"/> for each call of a handler, with a link to the trace in which the event was published.</summary>
/// <remarks>The activity begins a trace of its own, as OpenTelemetry's conventions say for work that does not belong to one request: the handler
/// may run long after the publisher's activity has ended, and the context captured at <c>Subscribe</c> belongs to neither the publisher nor the
/// call.</remarks>
internal sealed class HandlerTracing(string? stream, string? subscription)
{
    private readonly string _name = (subscription ?? stream) is { } name ? $"handle {name}" : "handle";

    /// <summary>Starts the activity of a call, and makes it current; null if no listener wants it.</summary>
    internal Activity? Start(long sequence, int count, PublisherTrace? trace)
    {
        if (!PublisherTrace.Source.HasListeners())
        {
            return null;
        }

        Activity? outer = Activity.Current;
        Activity.Current = null;
        Activity? activity = PublisherTrace.Source.CreateActivity(
            _name,
            ActivityKind.Consumer,
            parentContext: default,
            tags:
            [
                new("rx.eventstream.stream", stream), new("rx.eventstream.subscription", subscription),
                new("rx.eventstream.sequence", sequence), new("rx.eventstream.count", count),
            ],
            links: trace?.ToLinks());
        activity?.Start();
        if (activity is null)
        {
            Activity.Current = outer;
        }

        return activity;
    }
}
