using System.Diagnostics;

namespace Rx.Storage;

/// <summary>The trace in which an event was published. Of its own, so that an event keeps no <see cref="Activity"/> in memory.</summary>
internal sealed class PublisherTrace(ActivityContext context)
{
    /// <summary>The source of the handlers' activities.</summary>
    internal static readonly ActivitySource Source = new("Rx.EventStream");

    internal ActivityContext Context => context;

    /// <summary>The current trace; null where there is none, or no listener would see the activities that refer to it.</summary>
    internal static PublisherTrace? Capture() =>
        Source.HasListeners() && Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? new(activity.Context) : null;
}
