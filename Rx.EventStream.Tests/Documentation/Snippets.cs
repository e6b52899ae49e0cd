using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Rx.Tests.Documentation;

/// <summary>The C# blocks of a page as programs.</summary>
/// <remarks>The blocks under one heading are compiled as one program, as if pasted into a new project: it has the implicit usings, and the
/// namespaces that the page names. On a page that says <c>dotnet new web</c> it is a web project. Declarations that the reader need not see
/// are in a hidden comment, <c>&lt;!-- compiled with: ... --&gt;</c>. Declarations for the whole page that the reader does see are in a
/// <c>```csharp helper</c> block. A page that needs those of another page too has a hidden comment with its path,
/// <c>&lt;!-- with the helpers of: ... --&gt;</c>.</remarks>
internal static partial class Snippets
{
    /// <summary>The implicit usings of a new console project.</summary>
    private static readonly string[] _implicit =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
    ];

    /// <summary>Those that a new web project has in addition.</summary>
    private static readonly string[] _implicitOfWeb =
    [
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http",
        "Microsoft.AspNetCore.Routing", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection",
        "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    private static readonly MetadataReference[] _references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    internal static CSharpCompilation Compile(string code) =>
        CSharpCompilation.Create(
            "Snippet" + Guid.NewGuid(),
            [CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest))],
            _references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>Compiles and loads a program, and returns its entry point.</summary>
    internal static MethodInfo Load(string code)
    {
        using var assembly = new MemoryStream();
        EmitResult result = Compile(code).Emit(assembly);
        Assert.That(result.Success, Is.True, string.Join('\n', result.Diagnostics));
        return Assembly.Load(assembly.ToArray()).EntryPoint!;
    }

    internal static IEnumerable<(string Heading, string Code, string? Output)> SectionsOf(string page)
    {
        string[] texts = [page, .. Other().Matches(page).Select(m => Pages.Read(m.Groups["page"].Value))];
        IEnumerable<Match> declarations = Given().Matches(page).Concat(texts.SelectMany(text => Helper().Matches(text)));
        string given = string.Concat(declarations.Select(m => m.Groups["code"].Value));
        string usings = string.Join('\n', _implicit
            .Concat(page.Contains("`dotnet new web`", StringComparison.Ordinal) ? _implicitOfWeb : [])
            .Concat(texts.SelectMany(text => Namespaces().Matches(Block().Replace(text, ""))).Select(m => m.Groups["name"].Value))
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
    [GeneratedRegex(
        @"`(using (?<name>[\w.]+);|(?<name>Rx\.Nats|Rx\.Testing|System\.Reactive[\w.]*|System\.Threading\.(Channels|Tasks\.Dataflow)|NATS\.Client\.[\w.]+))`")]
    private static partial Regex Namespaces();

    [GeneratedRegex(@"^#{1,3} ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^```csharp helper\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Helper();

    [GeneratedRegex(@"^```output\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Output();

    [GeneratedRegex(@"<!-- compiled with:\n(?<code>.*?)-->", RegexOptions.Singleline)]
    private static partial Regex Given();

    [GeneratedRegex(@"<!-- with the helpers of: (?<page>\S+) -->")]
    private static partial Regex Other();
}
