using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>Writes lines of text, for files and pipes.</summary>
internal sealed class PlainRoomView : IRoomView
{
    public void ShowMembers(string? name, ImmutableSortedSet<string> members)
    {
        if (name is not null)
        {
            Console.WriteLine($"You are {name}");
        }

        Console.WriteLine(RoomText.Format(members));
    }

    public void ShowEvent(Event roomEvent, ImmutableSortedSet<string> members) => Console.WriteLine(RoomText.Format(roomEvent));

    public void ShowNotice(string text) => Console.WriteLine(text);

    public void Close(string text) => Console.Error.WriteLine(text);
}
