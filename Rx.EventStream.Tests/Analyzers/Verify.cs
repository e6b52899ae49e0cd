using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;
using Rx.Analyzers;

namespace Rx.Tests.Analyzers;

/// <summary>Runs analyzers over code, with Roslyn's test framework. Where a diagnostic is expected, the code has <c>{|RXES001:name|}</c>.</summary>
internal static partial class Verify
{
    /// <summary>One of each analyzer.</summary>
    public static ImmutableArray<DiagnosticAnalyzer> All { get; } =
    [
        .. typeof(StreamAnalyzer).Assembly.GetTypes().Where(static t => !t.IsAbstract && t.IsSubclassOf(typeof(StreamAnalyzer)))
            .Select(static t => (DiagnosticAnalyzer)Activator.CreateInstance(t)!),
    ];

    /// <summary>The assemblies that run these tests, so that nothing has to be downloaded.</summary>
    private static ImmutableArray<MetadataReference> References { get; } =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => IsNeeded().IsMatch(Path.GetFileName(path)))
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>The statements of an asynchronous method, on <c>stream</c>, a parameter, and <c>_stream</c>, a field that is set from outside.</summary>
    public static string Method(string statements) =>
        $$"""
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

        #pragma warning disable CS1998, CS4014
        class Test
        {
            private readonly EventStream<int> _stream;
            private EventReader<int> _reader;
            private bool _isOn;

            Test(EventStream<int> stream) => _stream = stream;

            async Task Run(EventStream<int> stream, IScheduler scheduler, string text)
            {
        {{Indented(statements)}}
            }

            bool IsLarge(int value) => value > 10;
            Task Save(int value) => Task.CompletedTask;
            async void SaveVoid(int value) => await Save(value);
        }
        """;

    /// <summary>Expects the marked diagnostics of one analyzer, and no others.</summary>
    public static Task Marked<TAnalyzer>(string code)
        where TAnalyzer : DiagnosticAnalyzer, new()
    {
        var test = new CSharpAnalyzerTest<TAnalyzer, DefaultVerifier>();
        Prepare(test, code);
        return test.RunAsync();
    }

    /// <summary>Expects no diagnostic of any analyzer.</summary>
    public static async Task NoneAsync(string code)
    {
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Code", [CSharpSyntaxTree.ParseText(code)], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));

        Assert.That(compilation.GetDiagnostics().Where(static d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        Assert.That(await IdsAsync(compilation), Is.Empty, code);
    }

    /// <summary>Expects the marked diagnostics, and what the fix makes of the code.</summary>
    public static Task Fixed<TAnalyzer, TFix>(string code, string expected)
        where TAnalyzer : DiagnosticAnalyzer, new()
        where TFix : CodeFixProvider, new()
    {
        var test = new CSharpCodeFixTest<TAnalyzer, TFix, DefaultVerifier>
        {
            FixedCode = expected,

            // All diagnostics of the document are fixed at once: it is the only one.
            CodeFixTestBehaviors = CodeFixTestBehaviors.SkipFixAllInProjectCheck | CodeFixTestBehaviors.SkipFixAllInSolutionCheck,
        };
        Prepare(test, code);
        return test.RunAsync();
    }

    /// <summary>The ids of the diagnostics of all analyzers.</summary>
    public static async Task<string[]> IdsAsync(Compilation compilation)
    {
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers(All).GetAnalyzerDiagnosticsAsync();
        return [.. found.Select(static d => d.Id == "AD0001" ? d.ToString() : d.Id)]; // an analyzer that throws is AD0001
    }

    private static void Prepare(AnalyzerTest<DefaultVerifier> test, string code)
    {
        test.ReferenceAssemblies = new ReferenceAssemblies("net10.0");
        test.TestState.AdditionalReferences.AddRange(References);
        test.TestCode = code;
        test.TestBehaviors = TestBehaviors.SkipGeneratedCodeCheck | TestBehaviors.SkipSuppressionCheck;
        test.CompilerDiagnostics = CompilerDiagnostics.Errors;
    }

    private static string Indented(string statements) =>
        string.Join('\n', statements.Split('\n').Select(static line => line.Length == 0 ? line : $"        {line}"));

    [GeneratedRegex(@"^(System\.(?!Reactive\.(Core|Interfaces|Linq)\b).*|mscorlib|netstandard|Rx\.EventStream)\.dll$")]
    private static partial Regex IsNeeded();
}
