using System.Runtime.InteropServices;
using Rx.Samples.Pulse;

namespace Rx.Samples;

/// <summary>Finds the sample that the command line asks for and runs it.</summary>
internal static class SampleHost
{
    private const string Command = "dotnet run --project Rx.EventStream.Samples --";
    private const int BadUsage = 2;

    /// <summary>The first one runs when none is named.</summary>
    private static readonly Sample[] _samples = [new PulseSample()];

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            // Without a name, options are those of the first sample.
            bool isNamed = args.Length > 0 && !args[0].StartsWith('-');
            if (!isNamed && args.Any(IsHelp))
            {
                PrintHelp();
                return 0;
            }

            Sample sample = isNamed ? Find(args[0]) : _samples[0];
            string[] options = isNamed ? args[1..] : args;
            if (options.Any(IsHelp))
            {
                PrintHelp(sample);
                return 0;
            }

            return await RunAsync(sample, SampleArguments.Parse(sample, options));
        }
        catch (UsageException error)
        {
            await Console.Error.WriteLineAsync($"{error.Message} See: {Command} --help");
            return BadUsage;
        }
    }

    private static async Task<int> RunAsync(Sample sample, SampleArguments arguments)
    {
        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        return await sample.RunAsync(arguments, interrupted.Token);

        // The first signal asks the sample to come to its end; the second one kills it as usual.
        void End(PosixSignalContext signal)
        {
            signal.Cancel = !interrupted.IsCancellationRequested;
            if (signal.Cancel)
            {
                _ = interrupted.CancelAsync();
            }
            else if (!Console.IsOutputRedirected)
            {
                Console.CursorVisible = true;
            }
        }
    }

    private static Sample Find(string name) =>
        _samples.FirstOrDefault(s => s.Name == name)
        ?? throw new UsageException($"There is no sample '{name}'; there is: {string.Join(", ", _samples.Select(s => s.Name))}.");

    private static bool IsHelp(string arg) => arg is "--help" or "-h" or "-?";

    private static void PrintHelp()
    {
        Console.WriteLine($"Usage: {Command} [sample] [options]");
        Console.WriteLine();
        Console.WriteLine($"Samples (without a name: {_samples[0].Name}):");
        foreach (Sample sample in _samples)
        {
            Console.WriteLine($"  {sample.Name,-12}  {sample.Summary}");
            PrintOptions(sample, "    ");
        }

        Console.WriteLine();
        Console.WriteLine("Ctrl-C ends a sample early, with its summary; a second Ctrl-C ends it at once.");
    }

    private static void PrintHelp(Sample sample)
    {
        Console.WriteLine(sample.Summary);
        Console.WriteLine();
        Console.WriteLine($"Usage: {Command} {sample.Name} [options]");
        Console.WriteLine();
        Console.WriteLine("Options:");
        PrintOptions(sample, "  ");
    }

    private static void PrintOptions(Sample sample, string indent)
    {
        foreach (SampleOption option in sample.Options)
        {
            string form = $"{option.Name} {option.Value}";
            Console.WriteLine($"{indent}{form,-14}  {option.Help}");
        }
    }
}
