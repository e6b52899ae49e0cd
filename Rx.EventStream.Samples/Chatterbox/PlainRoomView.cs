using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>Lines of text, for files and pipes.</summary>
internal sealed class PlainRoomView : IRoomView
{
    public void Arrived(string? name, ImmutableSortedSet<string> members)
    {
        if (name is not null)
        {
            Console.WriteLine($"You are {name}");
        }

        Console.WriteLine(Wording.Of(members));
    }

    public void Happened(Event happened, ImmutableSortedSet<string> members) => Console.WriteLine(Wording.Of(happened));

    public void Notice(string text) => Console.WriteLine(text);

    public void Goodbye(string text) => Console.Error.WriteLine(text);
}
