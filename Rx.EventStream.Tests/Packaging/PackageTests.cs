using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Rx.Tests.Packaging;

/// <summary>Packs the library into the feed that nuget.config names, and uses it from a project outside the solution.</summary>
[TestFixture]
[Category("Package")]
internal sealed partial class PackageTests
{
    /// <summary>Packing and publishing may have to fetch compilers.</summary>
    private const int TimeLimit = 600_000;

    private static readonly string _consumer = Path.Combine(Repository.Root, "Rx.EventStream.Tests", "Consumer");
    private static readonly string _output = Path.Combine(Repository.Root, "artifacts", "consumer");

    private string _package = null!;
    private string _version = null!;

    [OneTimeSetUp]
    public async Task PackAndForgetWhatWas()
    {
        using var limit = new CancellationTokenSource(TimeLimit);
        CommandResult packed = await Commands.DotNetAsync(
            Path.Combine(Repository.Root, "Rx.EventStream"), limit.Token, "pack", "-m:1", "-getItem:NuGetPackOutput");
        Assert.That(packed.ExitCode, Is.Zero, packed.All);

        using var items = JsonDocument.Parse(packed.Output);
        _package = items.RootElement.GetProperty("Items").GetProperty("NuGetPackOutput").EnumerateArray()
            .Select(item => item.GetProperty("FullPath").GetString()!)
            .Single(path => path.EndsWith(".nupkg", StringComparison.Ordinal));
        _version = Path.GetFileNameWithoutExtension(_package)["Rx.EventStream.".Length..];

        // The version may be that of the last run; its content is not.
        foreach (string stale in (string[])["bin", "obj", "out", Path.Combine("packages", "rx.eventstream")])
        {
            if (Directory.Exists(Path.Combine(_output, stale)))
            {
                Directory.Delete(Path.Combine(_output, stale), recursive: true);
            }
        }
    }

    [Test]
    public void Package_Content_LibraryDocumentationReadmeAndIcon()
    {
        using ZipArchive package = ZipFile.OpenRead(_package);
        string[] files = [.. package.Entries.Select(e => e.FullName)];
        string[] expected = ["README.md", "icon.png", "lib/net10.0/Rx.EventStream.dll", "lib/net10.0/Rx.EventStream.xml"];

        Assert.That(Path.GetDirectoryName(_package), Is.EqualTo(Path.Combine(Repository.Root, "artifacts", "packages")));
        Assert.That(expected, Is.SubsetOf(files));
        Assert.That(files.Where(file => file.StartsWith("lib/", StringComparison.Ordinal)), Has.Exactly(2).Items);
    }

    [Test]
    public void Package_Manifest_NamesReadmeIconLicenseAndDependency()
    {
        using ZipArchive package = ZipFile.OpenRead(_package);
        using Stream manifest = package.GetEntry("Rx.EventStream.nuspec")!.Open();
        XElement metadata = XDocument.Load(manifest).Root!.Elements().Single(e => e.Name.LocalName == "metadata");

        Assert.That(Value("readme"), Is.EqualTo("README.md"));
        Assert.That(Value("icon"), Is.EqualTo("icon.png"));
        Assert.That(Value("license"), Is.EqualTo("MIT"));
        Assert.That(Value("version"), Is.EqualTo(_version));
        Assert.That(
            metadata.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => (string?)e.Attribute("id")),
            Is.EqualTo(new[] { "System.Reactive" }));

        string? Value(string name) => metadata.Elements().SingleOrDefault(e => e.Name.LocalName == name)?.Value;
    }

    [Test]
    public void Package_Icon_IsASquareOf128Pixels()
    {
        using ZipArchive package = ZipFile.OpenRead(_package);
        using Stream icon = package.GetEntry("icon.png")!.Open();
        byte[] header = new byte[24];
        icon.ReadExactly(header);

        // The first chunk behind the signature has width and height.
        Assert.That(Encoding.ASCII.GetString(header, 1, 3), Is.EqualTo("PNG"));
        Assert.That(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16)), Is.EqualTo(128));
        Assert.That(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(20)), Is.EqualTo(128));
    }

    [Test]
    public void Package_Symbols_BesideIt()
    {
        using ZipArchive symbols = ZipFile.OpenRead(Path.ChangeExtension(_package, ".snupkg"));

        Assert.That(symbols.Entries.Select(e => e.FullName), Does.Contain("lib/net10.0/Rx.EventStream.pdb"));
    }

    [TestCase("Native", "ahead of time")]
    [TestCase("Trimmed", "just in time")]
    [TestCase("Plain", "just in time")]
    [CancelAfter(TimeLimit)]
    public async Task Consumer_Published_NoWarningsAndAllHolds(string publishing, string compiled)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        string published = Path.Combine(_output, "out", publishing);

        CommandResult publish = await Commands.DotNetAsync(
            _consumer, ct, "publish", "-m:1", "--use-current-runtime", $"-p:Publishing={publishing}", $"-p:RxEventStreamVersion={_version}", "-o", published);
        IgnoreWithoutToolchain(publishing, publish);
        Assert.That(publish.ExitCode, Is.Zero, publish.All);
        Assert.That(publish.All, Does.Not.Contain("warning"));
        AssertIsTheOneJustPacked();

        CommandResult run = await Commands.RunAsync(Path.Combine(published, "Consumer"), published, ct);
        Assert.That(run.ExitCode, Is.Zero, run.All);
        Assert.That(run.Output, Does.Match($@"[1-9]\d* hold, 0 do not; {compiled}\s*$"));
    }

    /// <summary>The SDK says what is missing on this machine; whatever else goes wrong is a failure.</summary>
    private static void IgnoreWithoutToolchain(string publishing, CommandResult publish)
    {
        if (publish.ExitCode == 0 || publishing == "Plain")
        {
            return;
        }

        string? reason = publish.All.Split('\n').FirstOrDefault(line => MissingPrerequisite().IsMatch(line));
        if (reason is not null)
        {
            Assert.Ignore($"{publishing} publishing needs what this machine does not have: {reason.Trim()}");
        }
    }

    /// <summary>Not one of the same name from elsewhere.</summary>
    private void AssertIsTheOneJustPacked()
    {
        string restored = Path.Combine(_output, "packages", "rx.eventstream", _version, $"rx.eventstream.{_version}.nupkg");

        Assert.That(File.ReadAllBytes(restored), Is.EqualTo(File.ReadAllBytes(_package)).AsCollection);
    }
    /// <summary>No linker, or no compiler, linker or runtime of .NET in the feeds.</summary>
    [GeneratedRegex(@"error .*nativeaot-prerequisites|error NU1\d+: .*(Microsoft\.DotNet\.ILCompiler|Microsoft\.NET\.ILLink|Microsoft\.NETCore\.App\.Runtime)")]
    private static partial Regex MissingPrerequisite();
}
