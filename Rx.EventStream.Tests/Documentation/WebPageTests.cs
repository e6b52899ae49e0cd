using System.Reflection;
using System.Text.RegularExpressions;
using Rx.Tests.Samples.Web;

namespace Rx.Tests.Documentation;

/// <summary>The service of the page docs/web.md.</summary>
[TestFixture]
[Category("Slow")]
internal sealed partial class WebPageTests
{
    private const int MaxLinesBeyondLogic = 60;

    private static readonly string _page = Pages.Read("docs/web.md");

    [Test]
    public async Task Service_EachEndpoint_DoesWhatThePageSays()
    {
        MethodInfo main = Snippets.Load(Snippets.SectionsOf(_page).Single(section => section.Heading == "The program").Code);
        await using PageService service = await PageService.StartAsync(main, "--environment=Development");

        await WebServiceClient.UseEveryEndpointAsync(service.Address);
        await service.StopAsync();
    }

    /// <summary>The last block is the service's own logic.</summary>
    [Test]
    public void Program_BeyondItsLogic_IsShort()
    {
        string[][] blocks = [.. Blocks()];

        Assert.That(blocks, Has.Length.EqualTo(4));
        Assert.That(blocks[..3].Sum(block => block.Length), Is.LessThan(MaxLinesBeyondLogic));
    }

    /// <summary>The sample has the same code, inside of a class.</summary>
    [Test]
    public void Program_EachBlock_IsInTheSample()
    {
        string[] sample = Lines(File.ReadAllText(Path.Combine(Repository.Root, "Rx.EventStream.Samples", "Web", "WebService.cs")));

        Assert.That(Blocks().SelectMany(block => block).Where(line => line != "app.Run();"), Is.SubsetOf(sample));
    }

    private static IEnumerable<string[]> Blocks() => Block().Matches(_page).Select(m => Lines(m.Groups["code"].Value));

    /// <summary>The lines that are not empty, without their indentation and accessibility.</summary>
    private static string[] Lines(string code) =>
        [.. code.Split('\n').Select(line => line.Trim()).Select(line => line.Replace("internal sealed", "sealed", StringComparison.Ordinal)).Where(line => line.Length > 0)];

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
