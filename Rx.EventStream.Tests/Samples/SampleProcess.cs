using System.Diagnostics;

namespace Rx.Tests.Samples;

/// <summary>Runs the samples' program as a user does: as a process, with its output redirected.</summary>
internal sealed class SampleProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly List<string> _lines = [];

    private SampleProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The sample's standard input. Closing it ends the input.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>The lines of output that were read so far.</summary>
    public IReadOnlyList<string> Lines => _lines;

    public static SampleProcess Start(params string[] args) => StartProcess(Command(args));

    /// <summary>Starts the sample on a terminal. <see cref="Input"/> is the keyboard.</summary>
    /// <remarks>The shell is replaced by the sample (exec). Otherwise, Ctrl-C would end the shell, and the exit code of the sample would be
    /// lost.</remarks>
    public static SampleProcess StartAtTerminal(params string[] args) => StartProcess(
        ["script", "--quiet", "--return", "--command", $"exec {SampleTerminal.EnablesInterrupts} {string.Join(' ', Command(args))}", "/dev/null"]);

    public static async Task<SampleResult> RunAsync(CancellationToken ct, params string[] args)
    {
        using SampleProcess sample = Start(args);
        return await sample.FinishAsync(ct);
    }

    /// <summary>Reads until a line contains the text.</summary>
    /// <returns>The line.</returns>
    public async Task<string> WaitForAsync(string text, CancellationToken ct)
    {
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            _lines.Add(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new AssertionException($"The sample ended without '{text}':\n{string.Join('\n', _lines)}\n{await _errors}");
    }

    /// <summary>Sends the signal of Ctrl-C, or SIGTERM if the tests run in the background, where processes ignore Ctrl-C.</summary>
    public Task InterruptAsync(CancellationToken ct) => SignalAsync(IgnoresInterrupts() ? "-TERM" : "-INT", ct);

    /// <summary>Kills the sample.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Suspends the sample, as Ctrl-Z does.</summary>
    public Task SuspendAsync(CancellationToken ct) => SignalAsync("-STOP", ct);

    /// <summary>Resumes a suspended sample.</summary>
    public Task ResumeAsync(CancellationToken ct) => SignalAsync("-CONT", ct);

    public async Task<SampleResult> FinishAsync(CancellationToken ct)
    {
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            _lines.Add(line);
        }

        await _process.WaitForExitAsync(ct);
        return new SampleResult(_process.ExitCode, string.Join('\n', _lines), await _errors);
    }

    public void Dispose()
    {
        // A test that failed or timed out leaves no process running.
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    // The project reference copies the program to the folder of the tests.
    private static string[] Command(string[] args) =>
    [
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
        "exec",
        Path.Combine(AppContext.BaseDirectory, "Rx.EventStream.Samples.dll"),
        .. args,
    ];

    private static SampleProcess StartProcess(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TERM"] = "xterm";
        return new SampleProcess(Process.Start(start)!);
    }

    private async Task SignalAsync(string signal, CancellationToken ct)
    {
        using Process kill = Process.Start("kill", [signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync(ct);
        Assert.That(kill.ExitCode, Is.Zero);
    }

    private bool IgnoresInterrupts()
    {
        const int Interrupt = 1 << 1;
        string status = $"/proc/{_process.Id}/status";
        return File.Exists(status)
            && File.ReadLines(status).FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
            && (Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16) & Interrupt) != 0;
    }
}
