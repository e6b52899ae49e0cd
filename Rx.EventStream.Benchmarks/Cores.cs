using System.Diagnostics;
using System.Numerics;

namespace Rx.Benchmarks;

/// <summary>How many processors the program uses.</summary>
internal static class Cores
{
    /// <summary>The processors that the operating system lets this process use.</summary>
    public static int Available => Environment.ProcessorCount;

    /// <summary>Runs the program again on the first of its processors, if it may use more than that.</summary>
    /// <remarks>Not in this process: the runtime counts the processors once, when it starts, and sizes its thread pool by that.</remarks>
    /// <returns>The exit code of the other process, or null if this one uses no more processors already.</returns>
    /// <exception cref="UsageException">The operating system cannot limit the processors of a process.</exception>
    public static int? RunLimited(int count, string[] args)
    {
        if (count == Available)
        {
            return null;
        }

        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            // A process inherits the affinity of the thread that starts it.
            using var self = Process.GetCurrentProcess();
            self.ProcessorAffinity = FirstOf(self.ProcessorAffinity, count);
            using Process limited = ThisProgram.Start(args, readsOutput: false);
            limited.WaitForExit();
            return limited.ExitCode;
        }

        throw new UsageException("--cores works on Linux and Windows only.");
    }

    /// <summary>The lowest bits that are set.</summary>
    private static nint FirstOf(nint mask, int count)
    {
        nint first = 0;
        for (; count > 0 && mask != 0; count--)
        {
            nint lowest = (nint)1 << BitOperations.TrailingZeroCount(mask);
            first |= lowest;
            mask &= ~lowest;
        }

        return first;
    }
}
