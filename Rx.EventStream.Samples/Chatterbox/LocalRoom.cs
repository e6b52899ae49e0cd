namespace Rx.Samples.Chatterbox;

/// <summary>A room within this process: each call publishes directly to the stream.</summary>
internal sealed class LocalRoom : Room
{
    /// <summary>The number of the newest name. Changed only by interlocked operations.</summary>
    private long _names;

    public override async ValueTask<JoinResult> JoinAsync(CancellationToken ct)
    {
        string name = $"User {Interlocked.Increment(ref _names)}";
        await Stream.OnNextAsync(new Event { Who = name, What = What.Join }, ct);
        return new JoinResult(name, 0);
    }

    public override async ValueTask SayAsync(string name, string text, CancellationToken ct) =>
        await Stream.OnNextAsync(new Event { Who = name, What = What.Chat, Text = text }, ct);

    public override async ValueTask LeaveAsync(string name, string reason) =>
        await Stream.OnNextAsync(new Event { Who = name, What = What.Leave, Text = reason }, CancellationToken.None);
}
