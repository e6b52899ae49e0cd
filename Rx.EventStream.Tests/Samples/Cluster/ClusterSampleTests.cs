using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Rx.Samples.Chatterbox;
using Rx.Samples.Cluster;
using Rx.Tests.Nats;
using Rx.Tests.Samples.Chatterbox;

namespace Rx.Tests.Samples.Cluster;

/// <summary>Tests the servers and the client of the sample, and the sample as its help text describes it.</summary>
[TestFixture]
[Category("Slow")]
[Parallelizable(ParallelScope.All)]
internal sealed class ClusterSampleTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ServersKilledInTurn_ResumesBySequenceNumber(CancellationToken ct)
    {
        const int Lines = 300;
        await using NatsServer log = await NatsServer.StartAsync();
        RoomAddress[] addresses = [RoomAddress.Parse(RunningServer.UnusedAddress()), RoomAddress.Parse(RunningServer.UnusedAddress())];
        ClusterServer first = await ClusterServer.StartAsync(addresses[0], log.Url, ct);
        ClusterServer second = await ClusterServer.StartAsync(addresses[1], log.Url, ct);
        int lost = 0;
        using var client = new ClusterClient(addresses, _ => lost++);
        Task saying = SayAsync();

        List<Sequenced<string>> received = [];
        await foreach (Sequenced<string> line in client.FollowAsync(ct))
        {
            received.Add(line);
            switch (received.Count)
            {
                case 50:
                    await first.DisposeAsync();
                    break;
                case 100:
                    first = await ClusterServer.StartAsync(addresses[0], log.Url, ct);
                    await second.DisposeAsync();
                    break;
                case 150:
                    log.Kill();
                    await log.StartAgainAsync();
                    break;
                case Lines:
                    goto end;
            }
        }

        end:
        await saying;

        Assert.That(received.Select(l => l.Value), Is.EqualTo(Enumerable.Range(0, Lines).Select(i => $"{i}")));
        Assert.That(received.Select(l => l.Sequence), Is.EqualTo(Enumerable.Range(1, Lines)));
        Assert.That(lost, Is.GreaterThanOrEqualTo(2));
        await AssertModeratedAsync(log, Lines, ct);
        await first.DisposeAsync();

        async Task SayAsync()
        {
            for (int i = 0; i < Lines; i++)
            {
                await client.SayAsync($"{i}", ct);
            }
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Cluster_WalkthroughFromHelp_NoNumberIsMissed(CancellationToken ct)
    {
        await using (NatsServer probe = await NatsServer.StartAsync())
        {
            // Without nats-server, the test is ignored here, with a message that tells how to install it.
        }

        string[] servers = [RunningServer.UnusedAddress(), RunningServer.UnusedAddress()];
        using SampleProcess cluster = SampleProcess.Start("cluster", "--address", string.Join(',', servers), "--rate", "20");
        await cluster.WaitForAsync(" moderates 8 of 16 partitions.", ct); // one server, and then the other
        await cluster.WaitForAsync(" moderates 8 of 16 partitions.", ct);
        await WaitForMoreNumbersAsync();
        await TypeAsync("1");
        await cluster.WaitForAsync($"The client lost {servers[0]} after line", ct);
        await cluster.WaitForAsync($"{servers[1]} moderates 16 of 16 partitions.", ct);
        await WaitForMoreNumbersAsync();
        await TypeAsync("m");
        await cluster.WaitForAsync($"{servers[1]} cannot moderate line", ct);
        await TypeAsync("m");
        await cluster.WaitForAsync("The moderation is mended.", ct);
        await TypeAsync("d");
        await cluster.WaitForAsync("', The moderation is broken.", ct);
        await TypeAsync("1");
        await cluster.WaitForAsync($"{servers[0]} is running", ct);
        await TypeAsync("n");
        await cluster.WaitForAsync("The log is killed", ct);
        await TypeAsync("n");
        await WaitForMoreNumbersAsync();
        await TypeAsync("2");
        await cluster.WaitForAsync($"The client lost {servers[1]} after line", ct);
        await WaitForMoreNumbersAsync();
        await TypeAsync("3");
        await cluster.WaitForAsync("Type 1, 2, n, m, d or r, and press Enter.", ct);
        await cluster.InterruptAsync(ct);
        SampleResult result = await cluster.FinishAsync(ct);

        int[] numbers = Numbers();
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(1, numbers.Length)));
        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);

        async Task TypeAsync(string key)
        {
            await cluster.Input.WriteAsync($"{key}\n");
            await cluster.Input.FlushAsync(ct);
        }

        Task WaitForMoreNumbersAsync() => cluster.WaitForAsync($": {Numbers().LastOrDefault() + 20}", ct);

        int[] Numbers() => [.. cluster.Lines.Select(l => l.Split(": ")).Where(parts => parts.Length == 2 && parts.All(p => int.TryParse(p, out _)))
            .Select(parts => int.Parse(parts[1], CultureInfo.InvariantCulture))];
    }

    /// <summary>Each line has a verdict. Its id keeps a second one from being stored.</summary>
    private static async Task AssertModeratedAsync(NatsServer log, int lines, CancellationToken ct)
    {
        await using NatsConnection connection = log.Connect();
        var jetStream = new NatsJSContext(connection);
        while ((await jetStream.GetStreamAsync(Moderation.Verdicts, cancellationToken: ct)).Info.State.Messages < lines)
        {
            await Task.Delay(50, ct);
        }

        var verdicts = new List<string>();
        INatsJSConsumer consumer = await jetStream.CreateOrderedConsumerAsync(Moderation.Verdicts, cancellationToken: ct);
        await foreach (INatsJSMsg<string> verdict in consumer.FetchNoWaitAsync<string>(new NatsJSFetchOpts { MaxMsgs = 2 * lines }, cancellationToken: ct))
        {
            verdicts.Add(verdict.Data!);
        }

        Assert.That(verdicts, Is.EquivalentTo(Enumerable.Range(1, lines).Select(line => $"{line} shown")));
    }

    [TestCase("--address must be 2 different addresses", "--address", "127.0.0.1:50051")]
    [TestCase("--address must be 2 different addresses", "--address", "127.0.0.1:50051,127.0.0.1:50051")]
    [TestCase("--address must be 2 different addresses", "--address", "127.0.0.1:50051,localhost:0")]
    [TestCase("a numeric address", "--address", "chat.example:1,chat.example:2")]
    [TestCase("--rate must be a whole number from 1 to 100, not '101'", "--rate", "101")]
    [TestCase("/no/such/program cannot be started", "--nats-server", "/no/such/program")]
    [CancelAfter(TimeLimit)]
    public async Task CommandLine_Invalid_ReportedOnStandardError(string expected, params string[] options)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, ["cluster", .. options]);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Start_AddressInUse_FailsAndLeavesNothingRunning(CancellationToken ct)
    {
        await using NatsServer probe = await NatsServer.StartAsync();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        SampleResult result = await SampleProcess.RunAsync(ct, "cluster", "--address", $"{other.LocalEndpoint},{RunningServer.UnusedAddress()}");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain($"{other.LocalEndpoint} is in use by another program"));
    }
}
