using System.Text.RegularExpressions;
using Rx.Tests.Samples;

namespace Rx.Tests.Documentation;

/// <summary>Tests that a picture below <c>&lt;!-- tour: N --&gt;</c> is the output of screen N of the tour.</summary>
[Category("Slow")]
internal sealed partial class TourPictureTests
{
    private const int TimeLimit = 60_000;

    private static IEnumerable<TestCaseData> Pictures() =>
        from page in Pages.All
        from Match picture in Picture().Matches(Pages.Read(page))
        select new TestCaseData(picture.Groups["screen"].Value, picture.Groups["lines"].Value).SetArgDisplayNames(page, picture.Groups["screen"].Value);

    [TestCaseSource(nameof(Pictures))]
    [CancelAfter(TimeLimit)]
    public async Task Picture_OnPage_IsOutputOfTour(string screen, string lines)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, "tour", "--screen", screen);

        string[] shown = [.. result.Output.Replace('─', '-').Split('\n').Select(line => line.TrimEnd())];
        Assert.That(lines.TrimEnd().Split('\n').Select(line => line.TrimEnd()), Is.SubsetOf(shown), result.Output);
    }

    [GeneratedRegex(@"^<!-- tour: (?<screen>\d+) -->\n```text\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Picture();
}
