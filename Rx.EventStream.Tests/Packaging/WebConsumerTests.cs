namespace Rx.Tests.Packaging;

/// <summary>Uses the packages for applications from a web project outside the solution.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)] // other processes do the work
[Category("Package")]
internal sealed class WebConsumerTests
{
    /// <summary>In milliseconds. Publishing may have to fetch compilers.</summary>
    private const int TimeLimit = 600_000;

    private static readonly string _consumer = Path.Combine(Repository.Root, "Rx.EventStream.Tests", "WebConsumer");
    private static readonly string _output = Path.Combine(Repository.Root, "artifacts", "web-consumer");

    /// <summary>Natively, which needs all that trimming needs. A machine that cannot publish natively publishes trimmed.</summary>
    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Consumer_PublishedNatively_NoWarningsAndEveryClaimHolds(CancellationToken ct)
    {
        string[] ids = ["Rx.EventStream", "Rx.EventStream.Hosting", "Rx.EventStream.AspNetCore"];
        PackedPackage[] packages = [await PackedPackage.GetAsync(ids[0]), await PackedPackage.GetAsync(ids[1]), await PackedPackage.GetAsync(ids[2])];

        // The last run may have packed the same version with other content.
        foreach (string stale in (string[])["bin", "obj", "out", .. ids.Select(id => Path.Combine("packages", id.ToLowerInvariant()))])
        {
            if (Directory.Exists(Path.Combine(_output, stale)))
            {
                Directory.Delete(Path.Combine(_output, stale), recursive: true);
            }
        }

        CommandResult publish = await PublishAsync("Native");
        if (Toolchain.FindMissing(publish) is not null)
        {
            publish = await PublishAsync("Trimmed");
        }

        if (Toolchain.FindMissing(publish) is { } missing)
        {
            Assert.Ignore($"Publishing needs a prerequisite that this machine does not have: {missing}");
        }

        Assert.That(publish.ExitCode, Is.Zero, publish.All);
        Assert.That(publish.All, Does.Not.Contain("warning"));
        foreach ((string id, PackedPackage packed) in ids.Zip(packages))
        {
            string name = id.ToLowerInvariant();
            string restored = Path.Combine(_output, "packages", name, packed.Version, $"{name}.{packed.Version}.nupkg");
            Assert.That(File.ReadAllBytes(restored), Is.EqualTo(File.ReadAllBytes(packed.Path)).AsCollection, "the package just packed");
        }

        string published = Path.Combine(_output, "out");
        CommandResult run = await Commands.RunAsync(Path.Combine(published, "WebConsumer"), published, ct);
        Assert.That(run.ExitCode, Is.Zero, run.All);
        Assert.That(run.Output, Does.Match(@"[1-9]\d* hold, 0 do not; (ahead of|just in) time\s*$"));

        Task<CommandResult> PublishAsync(string publishing) => Commands.DotNetAsync(
            _consumer, ct,
            "publish", "-m:1", "--use-current-runtime", $"-p:Publishing={publishing}", $"-p:RxEventStreamVersion={packages[0].Version}",
            "-o", Path.Combine(_output, "out"));
    }
}
