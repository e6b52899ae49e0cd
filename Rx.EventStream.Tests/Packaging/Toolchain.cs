using System.Text.RegularExpressions;

namespace Rx.Tests.Packaging;

/// <summary>What a machine needs to publish natively or trimmed.</summary>
internal static partial class Toolchain
{
    /// <summary>The line in which the SDK reports a missing prerequisite, or null if the command has succeeded or failed otherwise.</summary>
    public static string? FindMissing(CommandResult publish) =>
        publish.ExitCode == 0 ? null : publish.All.Split('\n').FirstOrDefault(line => MissingPrerequisite().IsMatch(line))?.Trim();

    /// <summary>The native linker is missing, or the feeds have no .NET compiler, linker or runtime package.</summary>
    [GeneratedRegex(
        @"error .*nativeaot-prerequisites|error NU1\d+: .*(Microsoft\.DotNet\.ILCompiler|Microsoft\.NET\.ILLink|Microsoft\.(NETCore|AspNetCore)\.App\.Runtime)")]
    private static partial Regex MissingPrerequisite();
}
