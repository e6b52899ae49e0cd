using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rx.Benchmarks.Output;

/// <summary>Where a table of figures comes from.</summary>
internal static class Machine
{
    /// <summary>One line each for the processor, the operating system, the runtime and the commit.</summary>
    public static IReadOnlyList<string> Lines =>
    [
        $"processor: {Processor()}, {Environment.ProcessorCount} logical cores",
        $"system: {RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.ProcessArchitecture}",
        $"runtime: {RuntimeInformation.FrameworkDescription}, workstation, concurrent collector, default tiered compilation",
        $"commit: {Commit()}, {DateTime.UtcNow:yyyy-MM-dd}",
    ];

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        string? line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
    }

    private static string Commit()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", "describe --always --dirty --abbrev=10") { RedirectStandardOutput = true })!;
            string commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? commit : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown"; // git is not installed
        }
    }
}
