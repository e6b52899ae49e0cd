using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks;

/// <summary>The options of the command line.</summary>
/// <param name="Only">The name of a scenario, or the prefix of several; null for all.</param>
/// <param name="Json">The file for the results as JSON, or null.</param>
/// <param name="Page">The page to write the table to, or null.</param>
/// <param name="Charts">The folder for charts of the results, or null.</param>
/// <param name="Repetitions">How often each contender is measured; an odd number.</param>
/// <param name="Cores">How many processors the program may use.</param>
internal sealed record Options(string? Only, string? Json, string? Page, string? Charts, int Repetitions, int Cores)
{
    private const int MaxRepetitions = 999;

    /// <param name="args">The options, each followed by its value.</param>
    /// <param name="known">The options that the command accepts.</param>
    /// <exception cref="UsageException">An option is unknown, has no value, or has a value out of range.</exception>
    public static Options Parse(ReadOnlySpan<string> args, params string[] known)
    {
        var options = new Options(null, null, null, null, Comparison.DefaultRepetitions, Benchmarks.Cores.Available);
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            options = (args[i], value) switch
            {
                (var unknown, _) when !known.Contains(unknown) => throw new UsageException($"There is no option '{unknown}'."),
                (_, null) => throw new UsageException($"{args[i]} needs a value."),
                ("--only", _) => options with { Only = value },
                ("--json", _) => options with { Json = value },
                ("--charts", _) => options with { Charts = value },
                ("--cores", _) => options with { Cores = ParseCores(value) },
                ("--repetitions", _) => options with { Repetitions = ParseRepetitions(value) },
                _ => options with { Page = value },
            };
        }

        return options;
    }

    /// <remarks>Odd, so that the median is the result of one repetition.</remarks>
    private static int ParseRepetitions(string value) =>
        int.TryParse(value, out int count) && count is > 0 and <= MaxRepetitions && int.IsOddInteger(count)
            ? count
            : throw new UsageException($"--repetitions takes an odd number from 1 to {MaxRepetitions}, not '{value}'.");

    private static int ParseCores(string value) =>
        int.TryParse(value, out int count) && count > 0 && count <= Benchmarks.Cores.Available
            ? count
            : throw new UsageException(
                $"--cores takes a number from 1 to {Benchmarks.Cores.Available}, the processors that this process may use, not '{value}'.");
}
