namespace Rx.Samples.Tour;

/// <summary>A tour of the library: each screen shows one feature, the code that uses it, and the result.</summary>
internal sealed class TourSample : Sample
{
    private const string Screens = "--screen";

    public override string Name => "tour";

    public override string Summary => "A tour of the library: one screen per feature, with its code and a marble diagram of the result.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(Screens, "N", $"Show screen N only, 1 to {Screen.All.Count} (default: all)."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        int only = arguments.Integer(Screens, defaultValue: 0, min: 1, max: Screen.All.Count);
        await new TourRun(only == 0 ? Screen.All : [Screen.All[only - 1]], interrupted).RunAsync();
        return 0;
    }
}
