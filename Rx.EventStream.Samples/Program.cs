using System.Globalization;
using System.Text;
using Rx.Samples;
using Spectre.Console;

// The same number and date formats on every machine.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
{
    Console.OutputEncoding = Encoding.UTF8;
}

if (Console.IsOutputRedirected)
{
    // A file or pipe has no width, so its lines must not be wrapped.
    AnsiConsole.Profile.Width = 1_000;
}

return await SampleHost.RunAsync(args);
