using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Rx.Tests.Samples;

/// <summary>Runs the samples' program on its own terminal, which <c>script</c> of util-linux creates.</summary>
internal sealed partial class SampleTerminal : IDisposable
{
    /// <summary>A prefix for a command, so that it handles Ctrl-C even if the tests run in the background and ignore it.</summary>
    public const string EnablesInterrupts = "env --default-signal=INT";

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private SampleTerminal(Process process) => _process = process;

    /// <summary>The whole output so far, with its escape sequences.</summary>
    public string Raw => _output.ToString();

    /// <summary>Starts a sample. Ignores the test if this machine cannot create a terminal this way.</summary>
    public static SampleTerminal Start(int columns, int rows, params string[] args)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/script"))
        {
            Assert.Ignore("The test needs /usr/bin/script (Linux, util-linux), which creates a terminal for the sample.");
        }

        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string program = Path.Combine(AppContext.BaseDirectory, "Rx.EventStream.Samples.dll");
        string command = $"stty cols {columns} rows {rows} && exec {EnablesInterrupts} '{dotnet}' exec '{program}' {string.Join(' ', args)}";
        var start = new ProcessStartInfo("/usr/bin/script", ["--quiet", "--return", "--command", command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["SHELL"] = "/bin/sh";
        return new SampleTerminal(Process.Start(start)!);
    }

    /// <summary>Reads until the output contains the text the given number of times.</summary>
    public async Task WaitForAsync(string text, int times, CancellationToken ct)
    {
        var buffer = new char[4096];
        while (Regex.Count(Raw, Regex.Escape(text)) < times)
        {
            int read = await _process.StandardOutput.ReadAsync(buffer, ct);
            if (read == 0)
            {
                Assert.Fail($"The sample ended without '{text}':\n{Raw}");
            }

            _output.Append(buffer, 0, read);
        }
    }

    /// <summary>Presses the keys.</summary>
    public async Task TypeAsync(string keys, CancellationToken ct)
    {
        await _process.StandardInput.WriteAsync(keys.AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
    }

    /// <summary>Reads to the end of the output, and returns the exit code.</summary>
    public async Task<int> FinishAsync(CancellationToken ct)
    {
        _output.Append(await _process.StandardOutput.ReadToEndAsync(ct));
        await _process.WaitForExitAsync(ct);
        return _process.ExitCode;
    }

    /// <summary>Removes the escape sequences.</summary>
    public static string Plain(string text) => Escape().Replace(text, "").ReplaceLineEndings("\n");

    public void Dispose()
    {
        // A test that failed or timed out leaves no process running.
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escape();
}
