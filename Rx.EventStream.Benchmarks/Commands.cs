using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Output;
using Rx.Benchmarks.Scenarios;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks;

/// <summary>The commands of the program.</summary>
internal static class Commands
{
    public const string Help = """
        Compares EventStream with other libraries, side by side in one process.

        dotnet run -c Release --project Rx.EventStream.Benchmarks -- COMMAND

          compare [--only SCENARIO] [--json FILE] [--charts FOLDER] [--repetitions N] [--cores N]
                    runs the comparison, or the scenarios with that name or prefix;
                    shows medians of 7 repetitions, or of N, and their spread; exits with 1 if a target is missed,
                    and not where the repetitions do not tell, or where the page says that it is missed;
                    --charts draws those charts for which a scenario has run;
                    --cores lets the program use the first N processors only, for publishers and observers together
          report [--json FILE] [--cores N]
                    runs the whole comparison, and writes docs/performance.md and its charts
          nats [--only SCENARIO] [--json FILE] [--page FILE]
                    compares the shared stream with the NATS.Net client, on a nats-server that it starts;
                    --page docs/scaling.md writes the table to that page
          bdn [--filter PATTERN] ...
                    runs the same work under BenchmarkDotNet, with the options of BenchmarkDotNet
        """;

    /// <summary>The charts: name, title and figures.</summary>
    private static readonly (string Name, string Title, string[] Figures)[] _charts =
    [
        ("inline", "Publishing on one thread: ns per event", ["publish-0", "inline-1", "inline-1-multi", "inline-10", "inline-10-multi", "replay-live"]),
        ("fanout", "Publishing to observers on the thread pool: ns per event", ["fanout-1", "fanout-4", "fanout-16", "fanout-100"]),
        ("latency", "One event to an idle observer: ns", ["pingpong", "wake", "wake-p99"]),
        ("memory", "Live bytes: per event of a backlog, and of an unused stream", ["backlog", "idle"]),
    ];

    /// <summary>The curves: name, title, the label of the horizontal axis, and the prefix of the figures.</summary>
    private static readonly (string Name, string Title, string Axis, string Prefix)[] _curves =
    [
        ("scale-observers", "One publisher, observers of 100 ns: ns per event", "observers", ScaleScenarios.Observers),
        ("scale-publishers", "Observers of 100 ns, one per core: ns per event", "publishers", ScaleScenarios.Publishers),
    ];

    /// <summary>Runs the comparison. Returns 1 if a target is missed, by more than the page tells, in so many repetitions that chance does not explain
    /// it.</summary>
    public static int Compare(Options options)
    {
        IReadOnlyList<Result> results = RunAll(Chosen(options, Catalogue.All), options);
        if (options.Charts is { } folder)
        {
            DrawCharts(folder, results);
        }

        return Print(results, options);
    }

    /// <summary>Runs one contender of a scenario whose contenders run in processes of their own, and writes its sample.</summary>
    public static int Young(string scenario, string contender)
    {
        Scenario found = Catalogue.All.Single(s => s.Name == scenario);
        YoungProcess.Run(found.Contenders.Single(c => c.Name == contender), found.Operations);
        return 0;
    }

    /// <summary>Compares the shared stream with the NATS client that it uses. Returns 1 if a target is missed.</summary>
    public static int Nats(Options options)
    {
        if (options is { Page: not null, Only: not null })
        {
            throw new UsageException("--page needs every scenario, so it cannot be combined with --only.");
        }

        if (options.Page is { } given && !File.Exists(given))
        {
            throw new UsageException($"The file {given} does not exist.");
        }

        using NatsServer server = NatsServer.Start();
        using var streams = new NatsStreams(server);
        IReadOnlyList<Result> results = RunAll(Chosen(options, NatsScenarios.Of(streams)), options);
        if (options.Page is { } page)
        {
            FiguresPage.Write(page, "nats", [.. Machine.Lines, $"server: {streams.ServerVersion}, on the same machine"], results);
        }

        return Print(results, options);
    }

    /// <summary>Runs the whole comparison, and writes the page and its charts. Returns 1 if a target is missed.</summary>
    public static int Report(Options options)
    {
        const string Docs = "docs";
        const string Page = $"{Docs}/performance.md";
        if (options.Only is not null)
        {
            throw new UsageException("A report needs every scenario, so it cannot be combined with --only.");
        }

        if (!File.Exists(Page))
        {
            throw new UsageException($"The file {Page} does not exist. Run this command in the folder of the solution.");
        }

        IReadOnlyList<Result> results = RunAll(Catalogue.All, options);
        FiguresPage.Write(Page, "report", Machine.Lines, results);
        DrawCharts($"{Docs}/images", results);
        return Print(results, options);
    }

    private static void DrawCharts(string folder, IReadOnlyList<Result> results)
    {
        foreach ((string name, string title, string[] figures) in _charts)
        {
            List<Result> drawn = [.. results.Where(r => figures.Contains(r.Figure.Name))];
            if (drawn.Count > 0)
            {
                Charts.Draw(folder, $"performance-{name}", title, drawn);
            }
        }

        foreach ((string name, string title, string axis, string prefix) in _curves)
        {
            List<Result> drawn = [.. results.Where(r => r.Figure.Name.StartsWith(prefix, StringComparison.Ordinal))];
            if (drawn.Count > 0)
            {
                Curves.Draw(folder, $"performance-{name}", title, axis, drawn);
            }
        }
    }

    private static IReadOnlyList<Scenario> Chosen(Options options, IReadOnlyList<Scenario> all)
    {
        IReadOnlyList<Scenario> chosen = options.Only is { } only ? Catalogue.Find(only, all) : all;
        return chosen.Count > 0
            ? chosen
            : throw new UsageException($"There is no scenario '{options.Only}'. The scenarios are: {string.Join(", ", all.SelectMany(s => s.Figures).Select(f => f.Name))}.");
    }

    private static int Print(IReadOnlyList<Result> results, Options options)
    {
        ComparisonTable.Print(results);
        if (options.Json is { } path)
        {
            ComparisonJson.Write(path, results);
        }

        return results.Any(static r => r.Fails) ? 1 : 0;
    }

    /// <summary>Measures every scenario, and those that fail once more at the end: a slow minute of the machine is over then.</summary>
    private static List<Result> RunAll(IReadOnlyList<Scenario> scenarios, Options options)
    {
        Comparison[] comparisons = [.. scenarios.Select(static scenario => new Comparison(scenario))];
        Measure(comparisons, options.Repetitions);
        Comparison[] failed = [.. comparisons.Where(static comparison => comparison.Results.Any(static result => result.Fails))];
        Measure(failed, options.Repetitions + 1); // an odd number in all
        return [.. comparisons.SelectMany(static comparison => comparison.Results)];
    }

    private static void Measure(Comparison[] comparisons, int repetitions)
    {
        var progress = new ProgressLine(comparisons.Length);
        foreach (Comparison comparison in comparisons)
        {
            progress.Begin(comparison.Name);
            comparison.Run(repetitions, progress.Report);
        }

        progress.End();
    }
}
