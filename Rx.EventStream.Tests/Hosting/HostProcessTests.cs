using System.Diagnostics;
using System.Globalization;
using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>A service under load, as a real process that gets SIGTERM.</summary>
[Platform(Exclude = "Win", Reason = "There is no kill -TERM.")]
[Category("Slow")]
internal sealed class HostProcessTests
{
    [Test]
    public async Task Sigterm_HandlersKeepUp_EverythingPublishedIsHandled()
    {
        (string output, long published, long forwarded, long handled) = await RunAsync("drain");

        Assert.That((forwarded, handled), Is.EqualTo((published, published)), output);
        Assert.That(output, Does.Contain($"The stream Int64 has stopped. Its handlers are done with all {published} events."));
        Assert.That(output, Does.Contain($"The stream forwarded has stopped. Its handlers are done with all {published} events."));
        Assert.That(output, Does.Not.Contain("has not handled"));
    }

    [Test]
    public async Task Sigterm_HandlerDoesNotReturn_TheReportIsExact()
    {
        (string output, long published, long forwarded, long handled) = await RunAsync("stuck");

        Assert.That((forwarded, handled), Is.EqualTo((published, 1_000)), output);
        Assert.That(
            output,
            Does.Contain($"The handler Counter has not handled {published - 1_000} events of the stream forwarded. The first one has the sequence number 1000."));
        Assert.That(output, Does.Contain($"The stream Int64 has stopped. Its handlers are done with all {published} events."));
    }

    private static async Task<(string Output, long Published, long Forwarded, long Handled)> RunAsync(string mode)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "HostProcess.dll");
        using Process process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", program, mode])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var lines = new List<string>();
            while (!lines.Contains("running"))
            {
                lines.Add(await Eventually.Ends(process.StandardOutput.ReadLineAsync()) ?? throw new AssertionException(string.Join('\n', lines)));
            }

            using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await Eventually.Ends(kill.WaitForExitAsync());
            string output = await Eventually.Ends(process.StandardOutput.ReadToEndAsync());
            await Eventually.Ends(process.WaitForExitAsync());
            Assert.That(process.ExitCode, Is.Zero, output);
            return (output, Number("published"), Number("forwarded"), Number("handled"));

            long Number(string name) => long.Parse(
                output.Split('\n').Single(line => line.StartsWith($"{name} ", StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);
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
