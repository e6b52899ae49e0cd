using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Rx.Tests.Documentation;
using Rx.Tests.Samples;

namespace Rx.Tests.Packaging;

/// <summary>Packs the libraries into the feed that nuget.config names, and uses one from a project outside the solution.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)] // other processes do the work
[Category("Package")]
internal sealed partial class PackageTests
{
    private const string Core = "Rx.EventStream";
    private const string AspNetCore = "Rx.EventStream.AspNetCore";
    private const string Hosting = "Rx.EventStream.Hosting";
    private const string Nats = "Rx.EventStream.Nats";
    private const string NatsHosting = "Rx.EventStream.Nats.Hosting";
    private const string Testing = "Rx.EventStream.Testing";

    /// <summary>In milliseconds. Packing and publishing may have to fetch compilers.</summary>
    private const int TimeLimit = 600_000;

    /// <summary>The kind of the custom debug information that holds SourceLink's links.</summary>
    private static readonly Guid _sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    private static readonly string _consumer = Path.Combine(Repository.Root, "Rx.EventStream.Tests", "Consumer");
    private static readonly string _output = Path.Combine(Repository.Root, "artifacts", "consumer");

    private readonly Dictionary<string, PackedPackage> _packages = [];

    private PackedPackage Library => _packages[Core];

    [OneTimeSetUp]
    public async Task PackAndDeleteStaleOutput()
    {
        foreach (string id in (string[])[Core, AspNetCore, Hosting, Nats, NatsHosting, Testing])
        {
            _packages.Add(id, await PackedPackage.GetAsync(id));
        }

        // The last run may have packed the same version with other content.
        foreach (string stale in (string[])["bin", "obj", "out", Path.Combine("packages", "rx.eventstream")])
        {
            if (Directory.Exists(Path.Combine(_output, stale)))
            {
                Directory.Delete(Path.Combine(_output, stale), recursive: true);
            }
        }
    }

    [TestCase(Core)]
    [TestCase(AspNetCore)]
    [TestCase(Hosting)]
    [TestCase(Nats)]
    [TestCase(NatsHosting)]
    [TestCase(Testing)]
    public void Package_Content_LibraryDocumentationReadmeAndIcon(string id)
    {
        PackedPackage packed = _packages[id];
        using ZipArchive package = ZipFile.OpenRead(packed.Path);
        string[] files = [.. package.Entries.Select(e => e.FullName)];
        string[] expected = ["README.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"];

        Assert.That(Path.GetDirectoryName(packed.Path), Is.EqualTo(Path.Combine(Repository.Root, "artifacts", "packages")));
        Assert.That(expected, Is.SubsetOf(files));
        Assert.That(files.Where(file => file.StartsWith("lib/", StringComparison.Ordinal)), Has.Exactly(2).Items);
        Assert.That(files.Where(file => file.StartsWith("analyzers/", StringComparison.Ordinal)), Is.EquivalentTo(id != Core ? [] : new[]
        {
            "analyzers/dotnet/cs/Rx.EventStream.Analyzers.dll", "analyzers/dotnet/cs/Rx.EventStream.Analyzers.CodeFixes.dll",
        }));
    }

    /// <summary>The compiler has no workspaces, which only editors have.</summary>
    [Test]
    public void Package_Analyzers_ReferenceNoWorkspaces()
    {
        using var analyzers = new PEReader(PackedPackage.Read(Library.Path, "analyzers/dotnet/cs/Rx.EventStream.Analyzers.dll"));
        MetadataReader reader = analyzers.GetMetadataReader();

        Assert.That(
            reader.AssemblyReferences.Select(handle => reader.GetAssemblyReference(handle)).Select(assembly => reader.GetString(assembly.Name)),
            Has.None.Contains("Workspaces").And.None.StartsWith("System.Composition"));
    }

    [TestCase(Core, "System.Reactive")]
    [TestCase(AspNetCore, "Rx.EventStream")]
    [TestCase(
        Hosting,
        "Rx.EventStream",
        "Microsoft.Extensions.Configuration.Abstractions",
        "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Hosting.Abstractions",
        "Microsoft.Extensions.Logging.Abstractions",
        "Microsoft.Extensions.Options")]
    [TestCase(Testing, "System.Reactive")]
    [TestCase(Nats, "Rx.EventStream", "Microsoft.Extensions.Logging.Abstractions", "NATS.Client.JetStream", "NATS.Client.KeyValueStore")]
    [TestCase(NatsHosting, "Rx.EventStream.Hosting", "Rx.EventStream.Nats")]
    public void Package_Manifest_NamesReadmeIconLicenseAndDependencies(string id, params string[] dependencies)
    {
        PackedPackage packed = _packages[id];
        using ZipArchive package = ZipFile.OpenRead(packed.Path);
        using Stream manifest = package.GetEntry($"{id}.nuspec")!.Open();
        XElement metadata = XDocument.Load(manifest).Root!.Elements().Single(e => e.Name.LocalName == "metadata");

        Assert.That(Value("readme"), Is.EqualTo("README.md"));
        Assert.That(Value("icon"), Is.EqualTo("icon.png"));
        Assert.That(Value("license"), Is.EqualTo("MIT"));
        Assert.That(Value("version"), Is.EqualTo(packed.Version));
        Assert.That(
            metadata.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => (string?)e.Attribute("id")),
            Is.EquivalentTo(dependencies));

        string? Value(string name) => metadata.Elements().SingleOrDefault(e => e.Name.LocalName == name)?.Value;
    }

    /// <summary>Package sites resolve no relative links and drop HTML, and their readers have no clone to run commands in.</summary>
    [TestCase(Core)]
    [TestCase(AspNetCore)]
    [TestCase(Hosting)]
    [TestCase(Nats)]
    [TestCase(NatsHosting)]
    [TestCase(Testing)]
    public void Package_Readme_IsSelfContained(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(_packages[id].Path);
        using var reader = new StreamReader(package.GetEntry("README.md")!.Open());
        string readme = reader.ReadToEnd();

        Assert.That(readme, Does.StartWith($"# {id}\n"));
        Assert.That(readme, Does.Not.Match(@"\]\((?!https://)"), "no relative links");
        Assert.That(Code().Replace(readme, ""), Does.Not.Match("<[!a-z/]"), "no HTML");
        Assert.That(readme, Does.Not.Contain("dotnet run").And.Not.Contain("dotnet cake"));
    }

    [Test]
    public void Pages_CommandsThatAddAPackage_FindThisVersion()
    {
        string[] commands = [.. Pages.All.SelectMany(page => Pages.Read(page).Split('\n')).Where(l => l.StartsWith("dotnet add package Rx.", StringComparison.Ordinal))];

        Assert.That(commands, Has.Length.GreaterThanOrEqualTo(3));
        Assert.That(
            commands.Select(c => c.Contains("--prerelease", StringComparison.Ordinal)),
            Has.All.EqualTo(Library.Version.Contains('-', StringComparison.Ordinal)));
    }

    [TestCase(Core)]
    [TestCase(AspNetCore)]
    [TestCase(Hosting)]
    [TestCase(Nats)]
    [TestCase(NatsHosting)]
    [TestCase(Testing)]
    public void Package_Icon_IsASquareOf128Pixels(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(_packages[id].Path);
        using Stream icon = package.GetEntry("icon.png")!.Open();
        byte[] header = new byte[24];
        icon.ReadExactly(header);

        // The first chunk after the signature holds the width and the height.
        Assert.That(Encoding.ASCII.GetString(header, 1, 3), Is.EqualTo("PNG"));
        Assert.That(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16)), Is.EqualTo(128));
        Assert.That(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(20)), Is.EqualTo(128));
    }

    [TestCase(Core)]
    [TestCase(AspNetCore)]
    [TestCase(Hosting)]
    [TestCase(Nats)]
    [TestCase(NatsHosting)]
    [TestCase(Testing)]
    public void Package_Symbols_AreThoseOfItsLibrary(string id)
    {
        PackedPackage packed = _packages[id];
        using var library = new PEReader(PackedPackage.Read(packed.Path, $"lib/net10.0/{id}.dll"));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(PackedPackage.Read(packed.SymbolsPath, $"lib/net10.0/{id}.pdb"));
        DebugDirectoryEntry entry = library.ReadDebugDirectory().Single(e => e.Type == DebugDirectoryEntryType.CodeView);

        // A library names its symbols by an id. The symbols of another build have another id.
        Assert.That(new Guid([.. symbols.GetMetadataReader().DebugMetadataHeader!.Id.Take(16)]), Is.EqualTo(library.ReadCodeViewDebugDirectoryData(entry).Guid));
    }

    [TestCase(Core)]
    [TestCase(AspNetCore)]
    [TestCase(Hosting)]
    [TestCase(Nats)]
    [TestCase(NatsHosting)]
    [TestCase(Testing)]
    public void Package_Packed_Validated(string id) => Assert.That(_packages[id].IsValidated, Is.True);

    /// <summary>Builds what a clone from GitHub would build, without contacting GitHub.</summary>
    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Symbols_OfAClone_NameTheSourcesInItsCommit(CancellationToken ct)
    {
        if (!Directory.Exists(Path.Combine(Repository.Root, ".git")))
        {
            Assert.Ignore("This folder is not a Git clone, so there is no commit that SourceLink could name.");
        }

        using var folder = new TemporaryFolder();
        string clone = Path.Combine(folder.Path, "clone");
        await MustAsync("git", folder.Path, "clone", "--quiet", "--no-hardlinks", Repository.Root, clone);
        await MustAsync("git", clone, "remote", "set-url", "origin", "https://github.com/owner/name");
        CommandResult commit = await MustAsync("git", clone, "rev-parse", "HEAD");
        CommandResult built = await Commands.DotNetAsync(Path.Combine(clone, "Rx.EventStream"), ct, "build", "-m:1");
        Assert.That(built.ExitCode, Is.Zero, built.All);

        await using FileStream pdb = File.OpenRead(Path.Combine(clone, "artifacts", "bin", "Rx.EventStream", "debug", "Rx.EventStream.pdb"));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(pdb);
        MetadataReader reader = symbols.GetMetadataReader();
        string[] links = [.. reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation)
            .Where(info => reader.GetGuid(info.Kind) == _sourceLink)
            .Select(info => Encoding.UTF8.GetString(reader.GetBlobBytes(info.Value)))];
        Assert.That(links, Has.One.Contains($"https://raw.githubusercontent.com/owner/name/{commit.Output.Trim()}/*"));

        // The help links of the analyzers lead there too. The address is in an attribute.
        byte[] analyzers = await File.ReadAllBytesAsync(
            Path.Combine(clone, "artifacts", "bin", "Rx.EventStream.Analyzers", "debug", "Rx.EventStream.Analyzers.dll"), ct);
        Assert.That(Encoding.UTF8.GetString(analyzers), Does.Contain("https://github.com/owner/name"));

        async Task<CommandResult> MustAsync(string program, string where, params string[] args)
        {
            CommandResult result = await Commands.RunAsync(program, where, ct, args);
            Assert.That(result.ExitCode, Is.Zero, result.All);
            return result;
        }
    }

    [TestCase("Native", "ahead of time")]
    [TestCase("Trimmed", "just in time")]
    [TestCase("Plain", "just in time")]
    [CancelAfter(TimeLimit)]
    public async Task Consumer_Published_NoWarningsAndEveryClaimHolds(string publishing, string compiled)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        string published = Path.Combine(_output, "out", publishing);

        CommandResult publish = await Commands.DotNetAsync(
            _consumer, ct, "publish", "-m:1", "--use-current-runtime", $"-p:Publishing={publishing}", $"-p:RxEventStreamVersion={Library.Version}", "-o", published);
        IgnoreWithoutToolchain(publishing, publish);
        Assert.That(publish.ExitCode, Is.Zero, publish.All);
        Assert.That(publish.All, Does.Not.Contain("warning"));
        AssertIsTheOneJustPacked();
        Assert.That(
            File.ReadAllText(Path.Combine(_output, "diagnostics.sarif")), Does.Match("\"ruleId\": \"RXES003\"(?s:.*)Mistake\\.cs"), "the analyzers of the package");

        CommandResult run = await Commands.RunAsync(Path.Combine(published, "Consumer"), published, ct);
        Assert.That(run.ExitCode, Is.Zero, run.All);
        Assert.That(run.Output, Does.Match($@"[1-9]\d* hold, 0 do not; {compiled}\s*$"));
    }

    /// <summary>Ignores the test if the SDK reports a missing prerequisite. Every other error is a failure.</summary>
    private static void IgnoreWithoutToolchain(string publishing, CommandResult publish)
    {
        if (publishing != "Plain" && Toolchain.FindMissing(publish) is { } missing)
        {
            Assert.Ignore($"{publishing} publishing needs a prerequisite that this machine does not have: {missing}");
        }
    }

    /// <summary>The restored package is not one of the same name from another feed.</summary>
    private void AssertIsTheOneJustPacked()
    {
        string restored = Path.Combine(_output, "packages", "rx.eventstream", Library.Version, $"rx.eventstream.{Library.Version}.nupkg");

        Assert.That(File.ReadAllBytes(restored), Is.EqualTo(File.ReadAllBytes(Library.Path)).AsCollection);
    }

    [GeneratedRegex("```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Code();
}
