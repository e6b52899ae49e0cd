using Spectre.Console;

namespace Rx.Samples;

/// <summary>What the console is.</summary>
internal static class Terminal
{
    /// <summary>Whether lines can be drawn again in place: it is a screen with somebody in front of it, not a file or a pipe.</summary>
    public static bool IsScreen =>
        !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true };
}
