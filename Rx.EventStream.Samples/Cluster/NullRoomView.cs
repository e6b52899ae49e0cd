using System.Collections.Immutable;
using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>A view that shows nothing.</summary>
internal sealed class NullRoomView : IRoomView
{
    public void ShowMembers(string? name, ImmutableSortedSet<string> members)
    {
    }

    public void ShowEvent(Event roomEvent, ImmutableSortedSet<string> members)
    {
    }

    public void ShowNotice(string text)
    {
    }

    public void Close(string text) => Console.Error.WriteLine(text);
}
