using NATS.Client.JetStream.Models;

namespace Rx.Nats.Server;

/// <summary>What the options of a stream require of its configuration on the server. Checked once, when the stream is opened.</summary>
internal static class StreamRequirements
{
    /// <exception cref="NatsEventStreamException">The configuration does not allow safe retries, or stores no subject of the filter.</exception>
    internal static void ThrowIfNotMet<T>(StreamConfig config, NatsEventStreamOptions<T> options)
    {
        if (options.PublishTimeout > config.DuplicateWindow)
        {
            throw new NatsEventStreamException(
                $"PublishTimeout is {options.PublishTimeout}, but stream '{options.Stream}' recognizes duplicates only for {config.DuplicateWindow}: " +
                "a later retry would store an event twice.");
        }

        // A stream that copies from other streams, or that renames subjects, stores subjects that its configuration does not list.
        if (options.Filter is { } filter && config is { Mirror: null, Sources: null or { Count: 0 }, SubjectTransform: null, Subjects: { } subjects } &&
            !subjects.Any(pattern => SubjectPattern.Overlaps(pattern, filter)))
        {
            throw new NatsEventStreamException(
                $"Filter '{filter}' matches no subject that stream '{options.Stream}' stores. It stores {string.Join(", ", subjects.Select(s => $"'{s}'"))}.");
        }
    }
}
