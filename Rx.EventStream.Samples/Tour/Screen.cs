using System.Text.RegularExpressions;

namespace Rx.Samples.Tour;

/// <summary>One screen of the tour: it shows one feature, the code that uses it, and the result.</summary>
/// <remarks>The code on the screen is the code that runs. The screens' source files are embedded resources of this program, and the lines
/// between <c>// shown</c> and <c>// end</c> are the excerpt.</remarks>
internal abstract partial class Screen
{
    /// <summary>All screens, in the order of the tour.</summary>
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

    /// <summary>What the screen shows, in two or three sentences.</summary>
    public abstract string Text { get; }

    /// <summary>The lines that <see cref="PlayAsync"/> runs, without their common indentation.</summary>
    public IReadOnlyList<string> Code => field ??= ReadCode();

    public abstract Task PlayAsync(ScreenPlayer player);

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
