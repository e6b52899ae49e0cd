using System.Diagnostics;
using System.Globalization;

namespace Rx.Benchmarks.Measuring;

/// <summary>Measures a contender in a process of its own that has only just started, in which most code is not yet compiled with
/// optimizations.</summary>
/// <remarks>So does a program that measures a library with a loop and a stopwatch. Each round has a stream, or a peer, of its own; the time runs
/// from the first event published until the last one is delivered; nothing collects garbage in between. The sample is the median
/// round.</remarks>
internal static class YoungProcess
{
    /// <summary>The command that <see cref="Measure"/> gives to the process.</summary>
    public const string Command = "young";

    private const int Rounds = 7;

    /// <summary>Starts the process, and reads its sample.</summary>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static Sample Measure(string scenario, string contender)
    {
        using Process process = ThisProgram.Start([Command, scenario, contender], readsOutput: true);
        string[] written = process.StandardOutput.ReadToEnd().Split(' ');
        process.WaitForExit();
        return process.ExitCode == 0 && written.Length == 2
            ? new Sample(double.Parse(written[0], CultureInfo.InvariantCulture), double.Parse(written[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"The process that measures {scenario}, {contender} has failed with code {process.ExitCode}.");
    }

    /// <summary>What the process does.</summary>
    public static void Run(Contender contender, int operations)
    {
        List<Sample> rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Contender.Time(contender.Prepare!(operations), operations))];
        Sample median = rounds.OrderBy(static r => r.Nanoseconds).ElementAt(Rounds / 2);
        Console.Write($"{median.Nanoseconds:R} {median.Bytes:R}");
    }
}
