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

    public static SampleProcess Start(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("exec");
        // The reference to the project brings the program along.
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Rx.EventStream.Samples.dll"));
        foreach (string arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return new SampleProcess(Process.Start(start)!);
    }

    public static async Task<SampleResult> RunAsync(CancellationToken ct, params string[] args)
    {
        using SampleProcess sample = Start(args);
        return await sample.FinishAsync(ct);
    }

    /// <summary>Reads on until a line contains the text.</summary>
    public async Task WaitForAsync(string text, CancellationToken ct)
    {
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            _lines.Add(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The sample ended without '{text}':\n{string.Join('\n', _lines)}\n{await _errors}");
    }

    /// <summary>Presses Ctrl-C; where the tests run in the background, and so nobody hears it, terminates politely instead.</summary>
    public async Task InterruptAsync(CancellationToken ct)
    {
        using Process kill = Process.Start("kill", [IgnoresInterrupts() ? "-TERM" : "-INT", $"{_process.Id}"]);
        await kill.WaitForExitAsync(ct);
        Assert.That(kill.ExitCode, Is.Zero);
    }

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

    private bool IgnoresInterrupts()
    {
        const int Interrupt = 1 << 1;
        string status = $"/proc/{_process.Id}/status";
        return File.Exists(status)
            && File.ReadLines(status).FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
            && (Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16) & Interrupt) != 0;
    }
}
