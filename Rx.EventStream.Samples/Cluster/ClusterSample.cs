using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>Two servers of one log, which share its moderation, and a client that follows it. The user kills and restarts the servers.</summary>
internal sealed class ClusterSample : Sample
{
    private const string Nats = "--nats-server";
    private const string Rate = "--rate";
    private const string DefaultAddresses = "127.0.0.1:50051,127.0.0.1:50052";

    public override string Name => "cluster";

    public override string Summary => "Two servers with one log, on NATS JetStream. Kill one and watch its client, and its work, go on with the other.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,HOST:PORT", $"The addresses of the two servers (default: {DefaultAddresses})."),
        new(Rate, "N", "How many numbers per second are appended to the log, 1 to 100 (default: 2)."),
        new(Nats, "PATH", "The nats-server program (default: the one on the PATH)."),
    ];

    public override string GetWalkthrough(string command) =>
        $"""
        It needs nats-server: apt-get install nats-server, or https://nats.io.

        1. Start it. A client follows the log at the first server, and shows the numbers that another client appends:
             {command} cluster
        2. Type 1 and Enter. This kills the first server. The client continues with the second server, from the next sequence
           number, so no number is missing or repeated.
        3. Type 1 and Enter again to restart the first server. Then type 2 and Enter to kill the second server: the client continues with the
           first. If you kill the log with n, or both servers, the client waits until it can continue.

        4. Each server also moderates: the two share the lines, by partitions, and each line is moderated once. When you kill a server, the
           other one takes its partitions two seconds later.
        5. Type m and Enter to break the moderation: each line becomes a dead letter. Type d to see them. Type m to mend the moderation,
           and r to replay them.

        Any other client can follow and append, too:
             curl -N http://127.0.0.1:50051/lines
             curl -X POST "http://127.0.0.1:50052/lines?id=my-1&text=hello"
        Use a new id for each line: the log stores only one line for each id.
        """;

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = [.. (arguments.Text(RoomAddress.Option) ?? DefaultAddresses).Split(',').Select(RoomAddress.Parse)];
        if (addresses is not [{ Port: > 0 } first, { Port: > 0 } second] || first == second)
        {
            throw new UsageException($"{RoomAddress.Option} must be 2 different addresses, such as {DefaultAddresses}.");
        }

        Array.ForEach(addresses, a => a.ToEndPoint());
        int rate = arguments.Integer(Rate, defaultValue: 2, min: 1, max: 100);
        using var log = new LogServer(arguments.Text(Nats) ?? LogServer.Find()
            ?? throw new UsageException($"There is no nats-server on the PATH. Install it with 'apt-get install nats-server' or from https://nats.io, or give its path with {Nats}."));
        using var client = new ClusterClient(addresses, Console.WriteLine);
        await using var cluster = new ClusterCommands(log, addresses);
        await cluster.StartAsync(interrupted);
        _ = SayNumbersAsync(client, rate, interrupted);
        await foreach (Sequenced<string> line in client.FollowAsync(interrupted))
        {
            Console.WriteLine($"{line.Sequence}: {line.Value}");
        }

        return 0;
    }

    private static async Task SayNumbersAsync(ClusterClient client, int rate, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        for (int number = 1; await timer.WaitForNextTickAsync(ct); number++)
        {
            await client.SayAsync($"{number}", ct);
        }
    }
}
