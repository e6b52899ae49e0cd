using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Rx.Tests.Models;

/// <summary>A Promela model with one set of definitions, as the comment at its head lists them.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Definitions">What spin's preprocessor defines, each as <c>-DNAME</c> or <c>-DNAME=value</c>.</param>
/// <param name="Holds">Whether no error may be found. If not, the definitions name a mutant, and an error must be found.</param>
internal sealed partial record Model(string File, string Definitions, bool Holds)
{
    /// <summary>Far longer than any model takes. The limit only ends a run that would hang.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(5);

    public static string Folder { get; } = Path.Combine(Repository.Root, "Rx.EventStream.Tests", "Models");

    /// <summary>Every configuration and every mutant of every model.</summary>
    public static IEnumerable<Model> All =>
        from file in Directory.EnumerateFiles(Folder, "*.pml").Order(StringComparer.Ordinal)
        from model in Parse(Path.GetFileName(file), System.IO.File.ReadAllText(file))
        select model;

    /// <summary>Reads the sections "Holds" and "Fails" of a model's head.</summary>
    public static IEnumerable<Model> Parse(string file, string text)
    {
        string head = text[..text.IndexOf("*/", StringComparison.Ordinal)];
        bool? holds = null;
        foreach (string line in head.Split('\n'))
        {
            holds = line.Trim() switch { "Holds:" => true, "Fails:" => false, _ => holds };
            if (holds is { } expected && Entry().Match(line) is { Success: true } entry)
            {
                yield return new Model(file, entry.Groups["definitions"].Value.Trim(), expected);
            }
        }
    }

    /// <summary>Explores every state of the model, and returns what the search printed.</summary>
    /// <param name="compiler">The C compiler that compiles the search.</param>
    public string Explore(string compiler)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("model-");
        try
        {
            string[] definitions = Definitions.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Run(folder, "spin", ["-a", .. definitions, Path.Combine(Folder, File)]);

            // Optimizing takes longer than it saves.
            Run(folder, compiler, ["-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=1500", "-o", "pan", "pan.c"]);
            return Run(folder, Path.Combine(folder.FullName, "pan"), ["-m1000000"]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public override string ToString() => $"{File} {Definitions}";

    private static string Run(DirectoryInfo folder, string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(_limit))
        {
            process.Kill();
            Assert.Fail($"{program} takes longer than {_limit}.");
        }

        string text = output.Result + errors.Result;
        Assert.That(process.ExitCode, Is.Zero, text);
        return text;
    }

    [GeneratedRegex(@"^ +(?<definitions>(-D\w+(=\w+)?( |$))+)")]
    private static partial Regex Entry();
}
