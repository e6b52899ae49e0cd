using System.Globalization;
using System.Text;
using Rx.Samples;
using Spectre.Console;

// Plain English on every machine.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
{
    Console.OutputEncoding = Encoding.UTF8;
}

if (Console.IsOutputRedirected)
{
    // Files and pipes have no width; their lines are not broken.
    AnsiConsole.Profile.Width = 1_000;
}

return await SampleHost.RunAsync(args);
