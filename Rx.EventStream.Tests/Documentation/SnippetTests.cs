using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Rx.Tests.Documentation;

/// <summary>Compiles every C# block of every page. The blocks under one heading are one piece of code; what they take for
/// granted stands in a comment of the page, which readers do not see: <c>&lt;!-- compiled with: ... --&gt;</c>.</summary>
[NonParallelizable] // a snippet prints, and the console is one
public sealed partial class SnippetTests
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Reactive;
        using System.Reactive.Concurrency;
        using System.Reactive.Disposables;
        using System.Reactive.Linq;
        using System.Reactive.Subjects;
        using System.Threading;
        using System.Threading.Tasks;
        using Rx;
        """;

    private static readonly MetadataReference[] _references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    private static readonly string _root = FindRoot();

    private static IEnumerable<TestCaseData> Sections() =>
        from page in Directory.EnumerateFiles(Path.Combine(_root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(_root, "README.md"))
            .Order(StringComparer.Ordinal)
        from section in SectionsOf(File.ReadAllText(page))
        select new TestCaseData(section.Code).SetArgDisplayNames(Path.GetRelativePath(_root, page), section.Heading);

    private static IEnumerable<TestCaseData> SectionsWithOutput() =>
        from section in SectionsOf(File.ReadAllText(Path.Combine(_root, "docs", "operators.md")))
        select new TestCaseData(section.Code, section.Output).SetArgDisplayNames(section.Heading);

    [TestCaseSource(nameof(Sections))]
    public void Page_CodeBlocksOfSection_Compile(string code)
    {
        IEnumerable<string> errors = Compile(code).GetDiagnostics()
            .Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => d.ToString());

        Assert.That(errors, Is.Empty, code);
    }

    [TestCaseSource(nameof(SectionsWithOutput))]
    public async Task Page_CodeBlocksOfSection_PrintWhatThePageSays(string code, string output)
    {
        using var assembly = new MemoryStream();
        EmitResult result = Compile(code).Emit(assembly);
        Assert.That(result.Success, Is.True, string.Join('\n', result.Diagnostics));
        MethodInfo main = Assembly.Load(assembly.ToArray()).EntryPoint!;

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
    public void Sections_Readme_AreFound() =>
        Assert.That(Sections().Count(), Is.GreaterThanOrEqualTo(2));

    private static CSharpCompilation Compile(string code) =>
        CSharpCompilation.Create(
            "Snippet" + Guid.NewGuid(),
            [CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest))],
            _references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

    private static IEnumerable<(string Heading, string Code, string Output)> SectionsOf(string page)
    {
        page = page.ReplaceLineEndings("\n");
        string given = string.Concat(Given().Matches(page).Select(m => m.Groups["code"].Value));
        foreach (string section in Heading().Split(page))
        {
            string[] blocks = [.. Block().Matches(section).Select(m => m.Groups["code"].Value)];
            if (blocks.Length > 0)
            {
                // Awaiting first makes the entry point asynchronous, whatever the blocks do.
                var code = new StringBuilder(Usings)
                    .AppendLine().AppendLine("await Task.Yield();")
                    .AppendJoin('\n', blocks).AppendLine()
                    .Append(given);
                yield return (section.Split('\n')[0].Trim(), code.ToString(), Output().Match(section).Groups["text"].Value);
            }
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Rx.EventStream.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds Rx.EventStream.slnx.");
    }

    [GeneratedRegex(@"^#{1,3} ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^```output\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Output();

    [GeneratedRegex(@"<!-- compiled with:\n(?<code>.*?)-->", RegexOptions.Singleline)]
    private static partial Regex Given();
}
