using System.Diagnostics;
using System.Globalization;
using NATS.Client.JetStream;
using Rx.Tests.Contract;
using Rx.Tests.Nats.Handling;

namespace Rx.Tests.Nats.Hosting;

/// <summary>A service whose handler runs, as a real process that gets SIGTERM.</summary>
[Platform(Exclude = "Win", Reason = "There is no kill -TERM.")]
internal sealed class HostedProcessTests : HandlerFixture
{
    [Test]
    public async Task Sigterm_CallRuns_EndsAndNothingIsRepeated()
    {
        for (int number = 1; number <= 20; number++)
        {
            (await JetStream.PublishAsync($"{Name}.number", number)).EnsureSuccess();
        }

        string[] first = await RunAsync(held: 10, last: 20, isTerminated: true);
        long saved = await SavedAsync("printer");
        string[] second = await RunAsync(held: 0, last: 20, isTerminated: false);

        Assert.That(first, Is.EqualTo(Lines(1, 9).Concat(["running", "handled 10", "ended"])));
        Assert.That(saved, Is.EqualTo(11));
        Assert.That(second, Is.EqualTo(Lines(11, 10).Concat(["ended"])));

        static IEnumerable<string> Lines(int first, int count) => Enumerable.Range(first, count).Select(sequence => $"handled {sequence}");
    }

    private async Task<string[]> RunAsync(long held, long last, bool isTerminated)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "HostProcess.dll"), "nats", Server.Url, Name, Text(held), Text(last)])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var lines = new List<string>();
            while (await Eventually.Ends(process.StandardOutput.ReadLineAsync()) is { } line)
            {
                lines.Add(line);
                if (line == "running" && isTerminated)
                {
                    using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
                    await Eventually.Ends(kill.WaitForExitAsync());
                }
            }

            await Eventually.Ends(process.WaitForExitAsync());
            Assert.That(process.ExitCode, Is.Zero, string.Join('\n', lines));
            return [.. lines];
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
