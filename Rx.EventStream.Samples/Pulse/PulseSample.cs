namespace Rx.Samples.Pulse;

/// <summary>Publishes live data of this machine from several threads at once, to subscribers of different speeds.</summary>
internal sealed class PulseSample : Sample
{
    private const string Seconds = "--seconds";
    private const string Folder = "--folder";

    public override string Name => "pulse";

    public override string Summary => "Live data of this machine, from several producers, through one stream.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(Seconds, "N", "Publish for N seconds, 1 to 3,600 (default: 10)."),
        new(Folder, "PATH", "Keep the journal in this folder (default: a temporary folder, deleted at the end)."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        int seconds = arguments.Integer(Seconds, defaultValue: 10, min: 1, max: 3_600);
        string? kept = arguments.Text(Folder);
        string? temporary = null;
        try
        {
            string folder = kept is null
                ? temporary = Directory.CreateTempSubdirectory("pulse-").FullName
                : Directory.CreateDirectory(kept).FullName;
            return await new PulseRun(seconds, folder, isKept: kept is not null).RunAsync(interrupted);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"pulse cannot keep its journal in {kept ?? Path.GetTempPath()}: {error.Message}");
            return 1;
        }
        finally
        {
            if (temporary is not null)
            {
                TryDelete(temporary);
            }
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another program uses the folder. The operating system deletes temporary files later.
        }
    }
}
