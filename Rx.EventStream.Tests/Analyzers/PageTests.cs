using Microsoft.CodeAnalysis;
using Rx.Tests.Documentation;

namespace Rx.Tests.Analyzers;

/// <summary>Each diagnostic has a page. What the pages show as reported is reported, and no other code of any page is.</summary>
internal sealed class PageTests
{
    private static IEnumerable<DiagnosticDescriptor> Rules() => Verify.All.SelectMany(static analyzer => analyzer.SupportedDiagnostics);

    private static IEnumerable<TestCaseData> Sections() =>
        from page in Pages.All
        from section in Snippets.SectionsOf(Pages.Read(page))
        let isBad = page.StartsWith("docs/analyzers/", StringComparison.Ordinal) && section.Heading.StartsWith("Reported", StringComparison.Ordinal)
        select new TestCaseData(section.Code, isBad ? Path.GetFileNameWithoutExtension(page) : null).SetArgDisplayNames(page, section.Heading);

    [TestCaseSource(nameof(Sections))]
    public async Task Section_WhatIsReported_IsWhatThePageSays(string code, string? id)
    {
        string[] ids = await Verify.IdsAsync(Snippets.Compile(code));

        Assert.That(ids.Distinct(), Is.EqualTo(id is null ? [] : new[] { id }), code);
    }

    [TestCaseSource(nameof(Rules))]
    public void Rule_HasAPageAndIsListed(DiagnosticDescriptor rule)
    {
        string page = Pages.Read($"docs/analyzers/{rule.Id}.md");

        Assert.That(page, Does.StartWith($"# {rule.Id}: {rule.Title}\n"));
        Assert.That(page, Does.Contain("\n## Reported\n").And.Contain("\n## Instead\n"));
        Assert.That(Pages.Read("docs/analyzers/README.md"), Does.Contain($"| [{rule.Id}]({rule.Id}.md) |"));
        Assert.That(Pages.Read("docs/package/README.md"), Does.Contain($"| {rule.Id} |"), "where the help link leads if there is no repository");
        Assert.That(Pages.Read("docs/mistakes.md"), Does.Contain($"[{rule.Id}](analyzers/{rule.Id}.md)"));
        Assert.That(File.ReadAllText(Path.Combine(Repository.Root, "Rx.EventStream.Analyzers", "AnalyzerReleases.Unshipped.md")), Does.Match($@"(?m)^{rule.Id}\s+\| Usage\s+\| Warning\s"));
        Assert.That(rule.HelpLinkUri, Does.Match($@"^https://(www\.nuget\.org/packages/Rx\.EventStream|github\.com/.+/docs/analyzers/{rule.Id}\.md)$"));
    }

    [Test]
    public void Rules_AreNumberedWithoutHoles() =>
        Assert.That(Rules().Select(static rule => rule.Id).Order(), Is.EqualTo(Enumerable.Range(1, Verify.All.Length).Select(static n => $"RXES{n:000}")));
}
