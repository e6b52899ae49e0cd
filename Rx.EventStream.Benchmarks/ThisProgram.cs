using System.Diagnostics;

namespace Rx.Benchmarks;

/// <summary>Starts this program again.</summary>
internal static class ThisProgram
{
    /// <param name="args">The command line.</param>
    /// <param name="readsOutput">Whether the caller reads what the process writes. If false, it writes where this process does.</param>
    public static Process Start(IEnumerable<string> args, bool readsOutput)
    {
        string path = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(path) == "dotnet";
        string[] first = isHost ? [typeof(ThisProgram).Assembly.Location] : [];
        return Process.Start(new ProcessStartInfo(path, [.. first, .. args]) { RedirectStandardOutput = readsOutput })!;
    }
}
