using System.Diagnostics;
using System.Globalization;
using NATS.Client.Core;
using Rx.Nats;
using Rx.Tests.Contract;
using Rx.Tests.Samples;

namespace Rx.Tests.Nats;

/// <summary>Streams that several processes share. Each command runs in a separate process.</summary>
internal sealed class NatsProcessTests : NatsFixture
{
    [Test]
    public async Task Position_SavedByOneProcess_OpensInAnother()
    {
        string last = await RunAsync("publish", Server.Url, Name, "0", "1000");
        string[] first = Lines(await RunAsync("read", Server.Url, Name, "1", "400"));
        long position = long.Parse(first[^1].Split(' ')[0], CultureInfo.InvariantCulture) + 1;
        string[] rest = Lines(await RunAsync("read", Server.Url, Name, $"{position}", "600"));

        Assert.That(last.Trim(), Is.EqualTo("1000"));
        Assert.That(first.Concat(rest), Is.EqualTo(Enumerable.Range(0, 1000).Select(i => $"{i + 1} {i}")));
    }

    [Test]
    public async Task Time_TakenBetweenTwoProcesses_OpensBetweenTheirEvents()
    {
        await RunAsync("publish", Server.Url, Name, "0", "100");
        DateTimeOffset time = DateTimeOffset.UtcNow;
        await RunAsync("publish", Server.Url, Name, "100", "50");

        string[] read = Lines(await RunAsync("since", Server.Url, Name, $"{time:O}", "50"));

        Assert.That(read, Is.EqualTo(Enumerable.Range(100, 50).Select(i => $"{i + 1} {i}")));
    }

    /// <summary>As with <c>Events</c> and on Rx's schedulers, the exception is unhandled and does not vanish.</summary>
    [Test]
    public async Task From_ObserverThrows_ProcessEndsWithException()
    {
        await RunAsync("publish", Server.Url, Name, "0", "1");

        (int exitCode, _, string errors) = await RunToExitAsync("observe", Server.Url, Name);

        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Does.Contain("thrown by the observer"));
    }

    [Test]
    public async Task Events_TwoProcessesPublish_AllSeeOneOrder()
    {
        await Task.WhenAll(RunAsync("publish", Server.Url, Name, "0", "5000"), RunAsync("publish", Server.Url, Name, "5000", "5000"));

        string[] orders = await Task.WhenAll(RunAsync("read", Server.Url, Name, "1", "10000"), RunAsync("read", Server.Url, Name, "1", "10000"));

        Assert.That(orders[0], Is.EqualTo(orders[1]));
        Assert.That(Lines(orders[0]).Select(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).Order(), Is.EqualTo(Enumerable.Range(0, 10_000)));
    }

    [Test]
    public async Task ToProjection_SavedByOneProcess_ContinuesInAnother()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "sum.json");
        await RunAsync("publish", Server.Url, Name, "1", "100");
        string first = await RunAsync("sum", Server.Url, Name, file, "100");
        // The second process cannot start at the beginning: those events are gone.
        await JetStream.PurgeStreamAsync(Name, new() { Seq = 101 });
        await RunAsync("publish", Server.Url, Name, "101", "100");

        string second = await RunAsync("sum", Server.Url, Name, file, "200");

        Assert.That(first.Trim(), Is.EqualTo("0 to 100: 5050"));
        Assert.That(second.Trim(), Is.EqualTo("100 to 200: 20100"));
    }

    [Test]
    public async Task WhenReachedAsync_PublishedByAnotherProcess_IsInState()
    {
        await using var stream = await NatsEventStream<int>.OpenAsync(
            Connection, new NatsEventStreamOptions<int>(NatsUtf8PrimitivesSerializer<int>.Default) { Stream = Name, Subject = _ => $"{Name}.number" });
        await using NatsProjection<long, int> sum = stream.ToProjection(0L, (total, number) => total + number);

        long sequence = long.Parse(await RunAsync("publish", Server.Url, Name, "1", "100"), CultureInfo.InvariantCulture);
        await Eventually.Ends(sum.WhenReachedAsync(sequence));

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<long>(5050, 100)));
    }

    [Test]
    public async Task ToProjection_ApplyThrows_CompletionFaults()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 1));
        await using NatsProjection<int, Reading> projection = stream.ToProjection(0, (int _, Reading _) => throw new NotSupportedException());

        await Assert.ThatAsync(() => Eventually.Ends(projection.Completion), Throws.TypeOf<NotSupportedException>());
        Assert.That(projection.Current, Is.EqualTo(new NatsSnapshot<int>(0, 0)));
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        (int exitCode, string output, string errors) = await RunToExitAsync(arguments);
        Assert.That(exitCode, Is.Zero, errors);
        return output;
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunToExitAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "NatsProcess.dll")).Prepend("exec"))
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Eventually.Limit);
            await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
            return (process.ExitCode, output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
