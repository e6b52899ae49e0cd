using System.Runtime.InteropServices;
using Rx.Samples.Chatterbox;
using Rx.Samples.Cluster;
using Rx.Samples.Dashboard;
using Rx.Samples.Pulse;
using Rx.Samples.Tour;
using Rx.Samples.Web;

namespace Rx.Samples;

/// <summary>Finds the sample that the command line names, and runs it.</summary>
internal static class SampleHost
{
    internal const string Command = "dotnet run --project Rx.EventStream.Samples --";
    private const int Failed = 1;
    private const int BadUsage = 2;

    /// <summary>All samples. The first one is the default.</summary>
    private static readonly Sample[] _samples =
    [
        new PulseSample(),
        new TourSample(),
        new DashboardSample(),
        new WebSample(),
        new ChatServerSample(),
        new ChatClientSample(),
        new ChatMonitorSample(),
        new ClusterSample(),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            string[] words = [.. args.TakeWhile(a => !a.StartsWith('-'))];
            Sample[] found = Find(words);
            if (args.Any(IsHelp))
            {
                if (words.Length == 0)
                {
                    PrintOverview();
                }
                else
                {
                    PrintHelp(found);
                }

                return 0;
            }

            // Without a sample name, the options belong to the default sample.
            Sample sample = words.Length == 0 ? found[0] : Only(found);
            string[] options = words.Length == 0 ? args : args[Words(sample).Length..];
            return await RunAsync(sample, SampleArguments.Parse(sample, options));
        }
        catch (UsageException error)
        {
            await Console.Error.WriteLineAsync($"{error.Message} See: {Command} --help");
            return BadUsage;
        }
        catch (IOException error)
        {
            // For example, output that is redirected to a full disk. A stack trace would not help the user.
            await Console.Error.WriteLineAsync($"The sample cannot continue: {error.Message}.");
            return Failed;
        }
    }

    private static async Task<int> RunAsync(Sample sample, SampleArguments arguments)
    {
        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        try
        {
            return await sample.RunAsync(arguments, interrupted.Token);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            // The sample was interrupted while it was starting.
            return 0;
        }

        // The first signal asks the sample to end. The second signal ends the process as usual.
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

    /// <summary>The samples whose names start with the words: several if the name is incomplete, all if there is no word.</summary>
    private static Sample[] Find(string[] words)
    {
        Sample[] found = [.. _samples.Where(s => Words(s).Zip(words).All(pair => pair.First == pair.Second))];
        return found.Length > 0
            ? found
            : throw new UsageException($"There is no sample '{string.Join(' ', words)}'. The samples are: {Names(_samples)}.");
    }

    private static Sample Only(Sample[] found) =>
        found is [var sample] ? sample : throw new UsageException($"Choose one of: {Names(found)}.");

    private static string[] Words(Sample sample) => sample.Name.Split(' ');

    private static string Names(Sample[] samples) => string.Join(", ", samples.Select(s => s.Name));

    private static bool IsHelp(string arg) => arg is "--help" or "-h" or "-?";

    private static void PrintHelp(Sample[] samples)
    {
        foreach (Sample sample in samples)
        {
            Console.WriteLine(sample.Summary);
            Console.WriteLine();
            Console.WriteLine($"Usage: {Command} {sample.Name} [options]");
            Console.WriteLine();
            Console.WriteLine("Options:");
            PrintOptions(sample, "  ");
            Console.WriteLine();
            if (sample.GetWalkthrough(Command) is { Length: > 0 } walkthrough)
            {
                Console.WriteLine(walkthrough);
            }
        }
    }

    private static void PrintOverview()
    {
        Console.WriteLine($"Usage: {Command} [sample] [options]");
        Console.WriteLine();
        Console.WriteLine($"Samples (default: {_samples[0].Name}):");
        foreach (Sample sample in _samples)
        {
            Console.WriteLine($"  {sample.Name,-18}  {sample.Summary}");
            PrintOptions(sample, "    ");
        }

        Console.WriteLine();
        Console.WriteLine("Ctrl-C ends a sample early; a sample that has a summary still shows it. A second Ctrl-C ends the process at once.");
    }

    private static void PrintOptions(Sample sample, string indent)
    {
        string[] forms = [.. sample.Options.Select(o => $"{o.Name} {o.Value}")];
        int width = forms.Max(f => f.Length);
        foreach ((string form, SampleOption option) in forms.Zip(sample.Options))
        {
            Console.WriteLine($"{indent}{form.PadRight(width)}  {option.Help}");
        }
    }
}
