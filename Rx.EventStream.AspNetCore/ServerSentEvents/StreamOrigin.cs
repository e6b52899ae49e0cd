using Microsoft.AspNetCore.Http;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>New clients start with an event of the stream.</summary>
internal sealed class StreamOrigin<T>(EventStream<T> stream, EventStreamStart start, LagPolicy lagPolicy, string name)
    : Origin<T>(stream, lagPolicy, name)
{
    internal override bool HasSnapshot => false;

    internal override Opening<T> Open(HttpRequest request)
    {
        using EventPosition<T> position = start == EventStreamStart.Oldest ? Stream.GetOldestPosition() : Stream.GetNextPosition();
        return new Opening<T>(OpenReader(position), null);
    }
}
