using System.Diagnostics;

namespace Rx.Tests.Samples;

/// <summary>The samples' program, run as users run it: a process of its own, with its output redirected.</summary>
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

    /// <summary>What the sample reads as its standard input; closing it ends that.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>What the sample said, as far as it was read.</summary>
    public IReadOnlyList<string> Lines => _lines;

    public static SampleProcess Start(params string[] args) => StartProcess(Command(args));

    /// <summary>Starts it as in front of a screen: <see cref="Input"/> is the keyboard.</summary>
    /// <remarks>The shell gives its place to the sample: one that stayed would die of Ctrl-C and hide how the sample ended.</remarks>
    public static SampleProcess StartAtTerminal(params string[] args) => StartProcess(
        ["script", "--quiet", "--return", "--command", $"exec {SampleTerminal.HearsInterrupts} {string.Join(' ', Command(args))}", "/dev/null"]);

    public static async Task<SampleResult> RunAsync(CancellationToken ct, params string[] args)
    {
        using SampleProcess sample = Start(args);
        return await sample.FinishAsync(ct);
    }

    /// <summary>Reads on until a line contains the text.</summary>
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

    /// <summary>Presses Ctrl-C; where the tests run in the background, and so nobody hears it, terminates politely instead.</summary>
    public Task InterruptAsync(CancellationToken ct) => SignalAsync(IgnoresInterrupts() ? "-TERM" : "-INT", ct);

    /// <summary>Ends the sample in the middle of what it does.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Stops the sample as Ctrl-Z does.</summary>
    public Task SuspendAsync(CancellationToken ct) => SignalAsync("-STOP", ct);

    /// <summary>Lets a stopped sample go on.</summary>
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
        // A test that failed or ran out of time leaves nothing running.
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    // The reference to the project brings the program along.
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
