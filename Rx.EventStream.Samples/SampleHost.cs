using System.Runtime.InteropServices;
using Rx.Samples.Chatterbox;
using Rx.Samples.Cluster;
using Rx.Samples.Dashboard;
using Rx.Samples.Pulse;
using Rx.Samples.Tour;

namespace Rx.Samples;

/// <summary>Finds the sample that the command line asks for and runs it.</summary>
internal static class SampleHost
{
    internal const string Command = "dotnet run --project Rx.EventStream.Samples --";
    private const int Failed = 1;
    private const int BadUsage = 2;

    /// <summary>The first one runs when none is named.</summary>
    private static readonly Sample[] _samples =
    [
        new PulseSample(),
        new TourSample(),
        new DashboardSample(),
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

            // Without a name, options are those of the first sample.
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
            // Such as output that goes to a full disk: nothing to show a stack trace for.
            await Console.Error.WriteLineAsync($"The sample cannot go on: {error.Message}.");
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
            // Before it had begun.
            return 0;
        }

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

    /// <summary>The samples that the words may mean: several where words are missing, all where there are none.</summary>
    private static Sample[] Find(string[] words)
    {
        Sample[] found = [.. _samples.Where(s => Words(s).Zip(words).All(pair => pair.First == pair.Second))];
        return found.Length > 0
            ? found
            : throw new UsageException($"There is no sample '{string.Join(' ', words)}'; there is: {Names(_samples)}.");
    }

    private static Sample Only(Sample[] found) =>
        found is [var sample] ? sample : throw new UsageException($"Say which: {Names(found)}.");

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
            if (sample.WhatToTry(Command) is { Length: > 0 } guide)
            {
                Console.WriteLine(guide);
            }
        }
    }

    private static void PrintOverview()
    {
        Console.WriteLine($"Usage: {Command} [sample] [options]");
        Console.WriteLine();
        Console.WriteLine($"Samples (without a name: {_samples[0].Name}):");
        foreach (Sample sample in _samples)
        {
            Console.WriteLine($"  {sample.Name,-18}  {sample.Summary}");
            PrintOptions(sample, "    ");
        }

        Console.WriteLine();
        Console.WriteLine("Ctrl-C ends a sample early, with its summary if it has one; a second Ctrl-C ends it at once.");
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
