using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rx.Benchmarks.Output;

/// <summary>What a table of figures has to say of where it comes from.</summary>
internal static class Machine
{
    /// <summary>Processor, operating system, runtime and commit, a line each.</summary>
    public static IReadOnlyList<string> Lines =>
    [
        $"processor: {Processor()}, {Environment.ProcessorCount} logical cores",
        $"system: {RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.ProcessArchitecture}",
        $"runtime: {RuntimeInformation.FrameworkDescription}, workstation, concurrent collector, tiered compilation as it comes",
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
            return "unknown"; // no git here
        }
    }
}
