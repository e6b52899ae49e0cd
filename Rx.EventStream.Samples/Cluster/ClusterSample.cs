using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>Runs the servers of one chat room and the log that they share. The user kills and restarts them.</summary>
internal sealed class ClusterSample : Sample
{
    private const string Nats = "--nats-server";
    private const string Rate = "--rate";
    private const string DefaultAddresses = "127.0.0.1:50051,127.0.0.1:50052";
    private const int MaxServers = 9;

    public override string Name => "cluster";

    public override string Summary => "Chatterbox servers that share a room through NATS JetStream. Kill one and watch its clients continue.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,...", $"The addresses of the servers, 2 to {MaxServers} (default: {DefaultAddresses})."),
        new(Rate, "N", "How many numbers per second a client says in the room, 0 to 100 (default: 2)."),
        new(Nats, "PATH", "The nats-server program (default: the one on the PATH)."),
    ];

    public override string GetWalkthrough(string command) =>
        $"""
        Try it with two terminals. It needs nats-server: apt-get install nats-server, or https://nats.io.

        1. In the first terminal, start two servers and their log:
             {command} cluster
        2. In the second terminal, start a client that knows both servers. It shows the numbers that another client says:
             {command} chatterbox client --address {DefaultAddresses}
        3. In the first terminal, type 1 and Enter. This kills the client's server, as kill -9 does. The client in the second terminal
           reconnects to the other server and resumes: no number is missing, and none comes twice. Lines that you type arrive, too.
        4. In the first terminal, type 1 and Enter again to restart the server. Then kill the other server with 2, or the log with n:
           the room waits until it is back.

        Ctrl-C in the first terminal ends everything there, and deletes the log.
        """;

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = RoomAddress.AllFrom(arguments, defaultValue: DefaultAddresses);
        if (addresses.Length is < 2 or > MaxServers || addresses.Distinct().Count() < addresses.Length)
        {
            throw new UsageException($"{RoomAddress.Option} must be 2 to {MaxServers} different addresses, such as {DefaultAddresses}.");
        }

        Array.ForEach(addresses, a => a.ToEndPoint());
        int rate = arguments.Integer(Rate, defaultValue: 2, min: 0, max: 100);
        string nats = arguments.Text(Nats) ?? LogServer.Find()
            ?? throw new UsageException($"There is no nats-server on the PATH. Install it with 'apt-get install nats-server' or from https://nats.io, or give its path with {Nats}.");
        await using var run = new ClusterRun(nats, addresses);
        return await run.RunAsync(rate, interrupted);
    }
}
