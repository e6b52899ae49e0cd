namespace Rx.Samples.Chatterbox;

/// <summary>A room within this process: who says something publishes it to the stream.</summary>
internal sealed class LocalRoom : Room
{
    /// <summary>The number of the newest name. Changed by interlocked operations only.</summary>
    private long _names;

    public override async ValueTask<Newcomer> JoinAsync(CancellationToken ct)
    {
        string name = $"User {Interlocked.Increment(ref _names)}";
        await Stream.OnNextAsync(new Event { Who = name, What = What.Join }, ct);
        return new Newcomer(name, 0);
    }

    public override async ValueTask SayAsync(string who, string text, CancellationToken ct) =>
        await Stream.OnNextAsync(new Event { Who = who, What = What.Chat, Text = text }, ct);

    public override async ValueTask LeaveAsync(string who, string reason) =>
        await Stream.OnNextAsync(new Event { Who = who, What = What.Leave, Text = reason }, CancellationToken.None);
}
