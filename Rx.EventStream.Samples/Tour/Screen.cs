using System.Text.RegularExpressions;

namespace Rx.Samples.Tour;

/// <summary>One feature: some code, and what it does.</summary>
/// <remarks>The code that is shown is the code that runs. The source files of the screens are resources of this program, and the lines
/// between <c>// shown</c> and <c>// end</c> are the excerpt.</remarks>
internal abstract partial class Screen
{
    /// <summary>Each in its place on the tour.</summary>
    public static IReadOnlyList<Screen> All { get; } =
    [
        new JoinPoints(),
        new Replay(),
        new SlowObserver(),
        new LagUnbounded(),
        new LagDropOldest(),
        new LagLatest(),
        new LagFail(),
        new LagWait(),
        new SnapshotAndDeltas(),
        new Batches(),
        new VirtualTime(),
    ];

    public abstract string Title { get; }

    /// <summary>What there is to see, in two or three sentences.</summary>
    public abstract string Text { get; }

    /// <summary>The lines that <see cref="PlayAsync"/> runs, without their common indentation.</summary>
    public IReadOnlyList<string> Code => field ??= ReadCode();

    public abstract Task PlayAsync(Stage stage);

    private string[] ReadCode()
    {
        string name = $"Tour/{GetType().Name}.cs";
        using Stream source = typeof(Screen).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The program has no resource '{name}'.");
        using var reader = new StreamReader(source);
        Match excerpt = Excerpt().Match(reader.ReadToEnd().ReplaceLineEndings("\n"));
        if (!excerpt.Success)
        {
            throw new InvalidOperationException($"'{name}' has no lines between '// shown' and '// end'.");
        }

        int indentation = excerpt.Groups["indentation"].Length;
        return [.. excerpt.Groups["code"].Value.TrimEnd().Split('\n').Select(line => line.Length == 0 ? line : line[indentation..])];
    }

    [GeneratedRegex(@"^(?<indentation> *)// shown\n(?<code>.*?)^ *// end$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Excerpt();
}
