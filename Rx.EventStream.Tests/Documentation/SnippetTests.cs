using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Rx.Tests.Documentation;

/// <summary>Compiles every C# block of every page, and runs the blocks whose output the page shows.</summary>
[NonParallelizable] // the console is redirected
[Category("Slow")]
public sealed partial class SnippetTests
{
    private static IEnumerable<TestCaseData> Sections() =>
        from page in Pages.All
        from section in Snippets.SectionsOf(Pages.Read(page))
        select new TestCaseData(section.Code).SetArgDisplayNames(page, section.Heading);

    private static IEnumerable<TestCaseData> SectionsWithOutput() =>
        from page in Pages.All
        from section in Snippets.SectionsOf(Pages.Read(page))
        where section.Output is not null
        select new TestCaseData(section.Code, section.Output).SetArgDisplayNames(page, section.Heading);

    [TestCaseSource(nameof(Sections))]
    public void Page_CodeBlocksOfSection_Compile(string code)
    {
        IEnumerable<string> errors = Snippets.Compile(code).GetDiagnostics()
            .Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => d.ToString());

        Assert.That(errors, Is.Empty, code);
    }

    [TestCaseSource(nameof(SectionsWithOutput))]
    public async Task Page_CodeBlocksOfSection_PrintWhatThePageSays(string code, string output)
    {
        MethodInfo main = Snippets.Load(code);

        using var printed = new StringWriter { NewLine = "\n" };
        TextWriter console = Console.Out;
        Console.SetOut(printed);
        try
        {
            await Task.Run(() => main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]));
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.That(printed.ToString(), Is.EqualTo(output), code);
    }

    [Test]
    public void Sections_EveryCSharpBlock_BelongsToASection()
    {
        foreach (string page in Pages.All)
        {
            string text = Pages.Read(page);
            IEnumerable<string> compiled = Snippets.SectionsOf(text).Select(section => section.Code);
            IEnumerable<string> forgotten = Opening().Matches(text).Select(m => m.Groups["code"].Value)
                .Where(block => !compiled.Any(code => code.Contains(block, StringComparison.Ordinal)));
            Assert.That(forgotten, Is.Empty, page);
        }
    }

    /// <summary>Any block that a reader would take for C#.</summary>
    [GeneratedRegex(@"^ *```(c#|cs|csharp)\b[^\n]*\n(?<code>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Opening();
}
