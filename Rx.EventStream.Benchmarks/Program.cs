using System.Globalization;
using Rx.Benchmarks;
using Rx.Benchmarks.Distributions;
using Rx.Benchmarks.Measuring;
using Spectre.Console;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
if (Console.IsOutputRedirected)
{
    // Files and pipes have no width, so their lines must not wrap.
    AnsiConsole.Profile.Width = 1_000;
}

const int BadUsage = 2;
try
{
    return args switch
    {
        ["compare", .. string[] rest] => Limited(Commands.Compare, Options.Parse(rest, "--only", "--json", "--charts", "--repetitions", "--cores")),
        ["report", .. string[] rest] => Limited(Commands.Report, Options.Parse(rest, "--only", "--json", "--cores")),
        ["nats", .. string[] rest] => Commands.Nats(Options.Parse(rest, "--only", "--json", "--page")),
        [YoungProcess.Command, var scenario, var contender] => Commands.Young(scenario, contender),
        ["bdn", .. string[] rest] => DistributionsCommand.Run(rest),
        [] or ["-h" or "--help" or "help", ..] => PrintHelp(),
        [var unknown, ..] => throw new UsageException($"There is no command '{unknown}'."),
    };
}
catch (UsageException error)
{
    await Console.Error.WriteLineAsync($"{error.Message} See: dotnet run -c Release --project Rx.EventStream.Benchmarks -- --help");
    return BadUsage;
}

int Limited(Func<Options, int> command, Options options) => Cores.RunLimited(options.Cores, args) ?? command(options);

static int PrintHelp()
{
    Console.WriteLine(Commands.Help);
    return 0;
}
