namespace Rx.Samples.Tour;

/// <summary>What the library does, one screen a feature: the code, and what comes of it.</summary>
internal sealed class TourSample : Sample
{
    private const string Screens = "--screen";

    public override string Name => "tour";

    public override string Summary => "What the library does, a screen a feature: the code, and what happens as marbles.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(Screens, "N", $"Show only screen N, 1 to {Screen.All.Count} (default: all)."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        int only = arguments.Integer(Screens, otherwise: 0, least: 1, most: Screen.All.Count);
        await new TourRun(only == 0 ? Screen.All : [Screen.All[only - 1]], interrupted).RunAsync();
        return 0;
    }
}
