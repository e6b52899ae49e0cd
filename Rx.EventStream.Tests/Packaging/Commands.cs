using System.Diagnostics;

namespace Rx.Tests.Packaging;

/// <summary>Runs programs and waits for them to exit.</summary>
internal static class Commands
{
    /// <summary>Runs <c>dotnet</c> in a folder, as a shell would.</summary>
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

        // The build that runs these tests leaves variables in the environment, which must not reach another build.
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)))
        {
            start.Environment.Remove(name);
        }

        // A build server that outlives the command would keep its output open.
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
