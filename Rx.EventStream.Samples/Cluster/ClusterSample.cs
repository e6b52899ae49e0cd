using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>Runs the servers of one chat room, and the log that they share, to be killed and started again.</summary>
internal sealed class ClusterSample : Sample
{
    private const string Nats = "--nats-server";
    private const string Rate = "--rate";
    private const string DefaultAddresses = "127.0.0.1:50051,127.0.0.1:50052";
    private const int MostServers = 9;

    public override string Name => "cluster";

    public override string Summary => "Chatterbox servers that share a room through NATS JetStream, to be killed under their clients.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,...", $"Where the servers listen, 2 to {MostServers} (default: {DefaultAddresses})."),
        new(Rate, "N", "How many numbers a second somebody says in the room, 0 to 100 (default: 2)."),
        new(Nats, "PATH", "The program nats-server (default: the one on the path)."),
    ];

    public override string WhatToTry(string command) =>
        $"""
        Try it with two terminals. It needs nats-server: apt-get install nats-server, or https://nats.io.

        1. In the first one, two servers and their log:
             {command} cluster
        2. In the second one, somebody who knows both servers, and hears somebody else count:
             {command} chatterbox client --address {DefaultAddresses}
        3. In the first one, type 1 and Enter: the client's server is killed, as kill -9 does. In the second one, the client goes over
           to the other server and goes on counting where it was: no number is missing, none comes twice. What you say arrives, too.
        4. In the first one, type 1 and Enter again to start the server; then kill the other one with 2, or the log with n: the room
           waits for it.

        Ctrl-C in the first terminal ends everything there. The log was in a temporary folder.
        """;

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = RoomAddress.AllFrom(arguments, otherwise: DefaultAddresses);
        if (addresses.Length is < 2 or > MostServers || addresses.Distinct().Count() < addresses.Length)
        {
            throw new UsageException($"{RoomAddress.Option} must be 2 to {MostServers} different addresses, such as {DefaultAddresses}.");
        }

        Array.ForEach(addresses, a => a.ToEndPoint());
        int rate = arguments.Integer(Rate, otherwise: 2, least: 0, most: 100);
        string nats = arguments.Text(Nats) ?? LogServer.Find()
            ?? throw new UsageException($"There is no nats-server on the path. 'apt-get install nats-server' brings it, or https://nats.io; or say where it is with {Nats}.");
        await using var run = new ClusterRun(nats, addresses);
        return await run.RunAsync(rate, interrupted);
    }
}
