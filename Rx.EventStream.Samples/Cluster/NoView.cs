using System.Collections.Immutable;
using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>Nobody looks.</summary>
internal sealed class NoView : IRoomView
{
    public void Arrived(string? name, ImmutableSortedSet<string> members)
    {
    }

    public void Happened(Event happened, ImmutableSortedSet<string> members)
    {
    }

    public void Notice(string text)
    {
    }

    public void Goodbye(string text) => Console.Error.WriteLine(text);
}
