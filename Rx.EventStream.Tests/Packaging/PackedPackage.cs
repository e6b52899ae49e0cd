using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;

namespace Rx.Tests.Packaging;

/// <summary>A newly packed package, with its symbols.</summary>
internal sealed record PackedPackage(string Path, string SymbolsPath, string Version, bool IsValidated)
{
    /// <summary>Packing may have to fetch compilers.</summary>
    private static readonly TimeSpan _timeLimit = TimeSpan.FromMinutes(10);

    private static readonly ConcurrentDictionary<string, Lazy<Task<PackedPackage>>> _packed = [];

    /// <summary>Held while a project is packed: the projects build each other.</summary>
    private static readonly SemaphoreSlim _packing = new(1);

    /// <summary>Packs the project of the same name, once for all tests.</summary>
    public static Task<PackedPackage> GetAsync(string id) => _packed.GetOrAdd(id, new Lazy<Task<PackedPackage>>(() => PackAsync(id))).Value;

    /// <summary>A file of the package or of its symbols, as a seekable stream.</summary>
    public static MemoryStream Read(string archive, string name)
    {
        using ZipArchive package = ZipFile.OpenRead(archive);
        using Stream file = package.GetEntry(name)!.Open();
        var content = new MemoryStream();
        file.CopyTo(content);
        content.Position = 0;
        return content;
    }

    private static async Task<PackedPackage> PackAsync(string id)
    {
        using var limit = new CancellationTokenSource(_timeLimit);
        await _packing.WaitAsync(limit.Token);
        CommandResult packed;
        try
        {
            packed = await Commands.DotNetAsync(
                System.IO.Path.Combine(Repository.Root, id), limit.Token,
                "pack", "-m:1", "-getItem:NuGetPackOutput", "-getProperty:EnablePackageValidation");
        }
        finally
        {
            _packing.Release();
        }

        Assert.That(packed.ExitCode, Is.Zero, packed.All);

        using var result = JsonDocument.Parse(packed.Output);
        string[] files = [.. result.RootElement.GetProperty("Items").GetProperty("NuGetPackOutput").EnumerateArray()
            .Select(item => item.GetProperty("FullPath").GetString()!)];
        string path = files.Single(file => file.EndsWith(".nupkg", StringComparison.Ordinal));
        return new PackedPackage(
            path,
            files.Single(file => file.EndsWith(".snupkg", StringComparison.Ordinal)),
            System.IO.Path.GetFileNameWithoutExtension(path)[$"{id}.".Length..],
            result.RootElement.GetProperty("Properties").GetProperty("EnablePackageValidation").GetString() == "true");
    }
}
