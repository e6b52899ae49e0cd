using System.Diagnostics;

namespace Rx.Storage;

/// <summary>The trace in which an event was published, or those of several events. It has the context only: an event keeps no
/// <see cref="Activity"/> in memory.</summary>
/// <param name="context">The context of the publisher's activity.</param>
/// <param name="earlier">The traces of earlier events of a batch, or null.</param>
internal sealed class PublisherTrace(ActivityContext context, PublisherTrace? earlier = null)
{
    /// <summary>To how many publishers a batch links: as many as OpenTelemetry exports by default.</summary>
    internal const int MaxLinks = 128;

    /// <summary>The source of the handlers' activities.</summary>
    internal static readonly ActivitySource Source = new("Rx.EventStream");

    internal ActivityContext Context => context;

    /// <summary>The current trace; null where there is none, or no listener would see the activities that refer to it.</summary>
    internal static PublisherTrace? Capture() =>
        Source.HasListeners() && Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? new(activity.Context) : null;

    /// <summary>A link to each of the traces.</summary>
    internal List<ActivityLink> ToLinks()
    {
        var links = new List<ActivityLink>();
        for (PublisherTrace? trace = this; trace is not null; trace = trace.Earlier)
        {
            links.Add(new ActivityLink(trace.Context));
        }

        links.Reverse();
        return links;
    }

    private PublisherTrace? Earlier => earlier;
}
