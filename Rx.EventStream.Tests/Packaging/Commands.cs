using System.Diagnostics;

namespace Rx.Tests.Packaging;

/// <summary>Runs programs to their end.</summary>
internal static class Commands
{
    /// <summary>Runs <c>dotnet</c> in a folder, as from a shell.</summary>
    public static Task<CommandResult> DotNetAsync(string folder, CancellationToken ct, params string[] args) =>
        RunAsync(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, ct, args);

    public static async Task<CommandResult> RunAsync(string program, string folder, CancellationToken ct, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What the build that runs these tests left in the environment is not for another one.
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)))
        {
            start.Environment.Remove(name);
        }

        // A build server left behind would keep the output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";

        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(ct);
            Task<string> errors = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return new CommandResult(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
