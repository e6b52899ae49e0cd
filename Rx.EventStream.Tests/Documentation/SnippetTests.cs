using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Rx.Tests.Documentation;

/// <summary>Compiles every C# block of every page, and runs the blocks whose output the page shows.</summary>
/// <remarks>The blocks under one heading are compiled as one program, as if pasted into a new project: it has the implicit usings, and the
/// namespaces that the page names. Declarations that the reader need not see are in a hidden comment,
/// <c>&lt;!-- compiled with: ... --&gt;</c>. Declarations for the whole page that the reader does see are in a <c>```csharp helper</c> block.</remarks>
[NonParallelizable] // the console is redirected
public sealed partial class SnippetTests
{
    /// <summary>The implicit usings of a new console project.</summary>
    private static readonly string[] _implicit =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
    ];

    private static readonly MetadataReference[] _references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    private static IEnumerable<TestCaseData> Sections() =>
        from page in Pages.All
        from section in SectionsOf(Pages.Read(page))
        select new TestCaseData(section.Code).SetArgDisplayNames(page, section.Heading);

    private static IEnumerable<TestCaseData> SectionsWithOutput() =>
        from page in Pages.All
        from section in SectionsOf(Pages.Read(page))
        where section.Output is not null
        select new TestCaseData(section.Code, section.Output).SetArgDisplayNames(page, section.Heading);

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
    public void Sections_EveryCSharpBlock_BelongsToASection()
    {
        foreach (string page in Pages.All)
        {
            string text = Pages.Read(page);
            IEnumerable<string> compiled = SectionsOf(text).Select(section => section.Code);
            IEnumerable<string> forgotten = Opening().Matches(text).Select(m => m.Groups["code"].Value)
                .Where(block => !compiled.Any(code => code.Contains(block, StringComparison.Ordinal)));
            Assert.That(forgotten, Is.Empty, page);
        }
    }

    private static CSharpCompilation Compile(string code) =>
        CSharpCompilation.Create(
            "Snippet" + Guid.NewGuid(),
            [CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest))],
            _references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

    private static IEnumerable<(string Heading, string Code, string? Output)> SectionsOf(string page)
    {
        string given = string.Concat(Given().Matches(page).Concat(Helper().Matches(page)).Select(m => m.Groups["code"].Value));
        string usings = string.Join('\n', _implicit.Concat(Namespaces().Matches(Block().Replace(page, "")).Select(m => m.Groups["name"].Value))
            .Distinct().Select(name => $"using {name};"));
        foreach (string section in Heading().Split(page))
        {
            string[] blocks = [.. Block().Matches(section).Select(m => m.Groups["code"].Value)];
            if (blocks.Length > 0)
            {
                // The await makes every entry point asynchronous, even if no block awaits.
                var code = new StringBuilder(usings)
                    .AppendLine().AppendLine("await Task.Yield();")
                    .AppendJoin('\n', blocks).AppendLine()
                    .Append(given);
                Match output = Output().Match(section);
                yield return (section.Split('\n')[0].Trim(), code.ToString(), output.Success ? output.Groups["text"].Value : null);
            }
        }
    }

    /// <summary>A namespace that the page tells the reader to use: in a using, or by its name.</summary>
    [GeneratedRegex(@"`(using (?<name>[\w.]+);|(?<name>Rx\.Nats|System\.Reactive[\w.]*|System\.Threading\.Channels|System\.Threading\.Tasks\.Dataflow|NATS\.Client\.[\w.]+))`")]
    private static partial Regex Namespaces();

    [GeneratedRegex(@"^#{1,3} ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    /// <summary>Any block that a reader would take for C#.</summary>
    [GeneratedRegex(@"^ *```(c#|cs|csharp)\b[^\n]*\n(?<code>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Opening();

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^```csharp helper\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Helper();

    [GeneratedRegex(@"^```output\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Output();

    [GeneratedRegex(@"<!-- compiled with:\n(?<code>.*?)-->", RegexOptions.Singleline)]
    private static partial Regex Given();
}
