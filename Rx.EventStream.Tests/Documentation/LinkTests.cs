using System.Text.RegularExpressions;

namespace Rx.Tests.Documentation;

/// <summary>Links between pages lead to files and headings that exist.</summary>
internal sealed partial class LinkTests
{
    private static IEnumerable<TestCaseData> Links() =>
        from page in Pages.All
        from Match link in Link().Matches(Pages.Read(page))
        select new TestCaseData(page, link.Groups["path"].Value, link.Groups["anchor"].Value);

    private static IEnumerable<string> Guides() => Pages.All.Where(page => Path.GetDirectoryName(page) == "docs" && page != "docs/README.md");

    [TestCaseSource(nameof(Links))]
    public void Page_Link_LeadsToAFileAndItsHeading(string page, string path, string anchor)
    {
        string target = path.Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, path);
        Assert.That(Path.Combine(Repository.Root, target), Does.Exist, $"{page} links {path}");

        if (anchor.Length > 0)
        {
            Assert.That(Heading().Matches(Pages.Read(target)).Select(m => AnchorOf(m.Groups["text"].Value)), Does.Contain(anchor));
        }
    }

    [TestCaseSource(nameof(Guides))]
    public void Index_EveryGuide_IsLinked(string guide) =>
        Assert.That(Pages.Read("docs/README.md"), Does.Contain($"]({Path.GetFileName(guide)})"));

    /// <summary>The anchor that GitHub makes for a heading.</summary>
    private static string AnchorOf(string heading) =>
        string.Concat(heading.Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    /// <summary>A link to a file of the repository or to a heading.</summary>
    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
