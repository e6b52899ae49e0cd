using Spectre.Console;

namespace Rx.Samples;

/// <summary>Tells what kind of output the console is.</summary>
internal static class Terminal
{
    /// <summary>Whether the output is an interactive terminal, where lines can be redrawn in place, and not a file or a pipe.</summary>
    public static bool IsScreen =>
        !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true };
}
