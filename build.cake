var target = Argument("target", "CI");
var configuration = Argument("configuration", "Release");
var soakSeconds = Argument("seconds", EnvironmentVariable("RX_SOAK_SECONDS") ?? "120");

const string Solution = "./Rx.EventStream.slnx";
const string Library = "./Rx.EventStream/Rx.EventStream.csproj";
const string AspNetCore = "./Rx.EventStream.AspNetCore/Rx.EventStream.AspNetCore.csproj";
const string Hosting = "./Rx.EventStream.Hosting/Rx.EventStream.Hosting.csproj";
const string Nats = "./Rx.EventStream.Nats/Rx.EventStream.Nats.csproj";
const string NatsHosting = "./Rx.EventStream.Nats.Hosting/Rx.EventStream.Nats.Hosting.csproj";
const string Testing = "./Rx.EventStream.Testing/Rx.EventStream.Testing.csproj";
const string Tests = "./Rx.EventStream.Tests/Rx.EventStream.Tests.csproj";
const string Samples = "./Rx.EventStream.Samples/Rx.EventStream.Samples.csproj";

var deleteAll = new DeleteDirectorySettings { Recursive = true, Force = true };

Task("Clean")
    .Does(() =>
    {
        foreach (var output in new[] { "./artifacts/bin", "./artifacts/obj", "./artifacts/consumer", "./artifacts/web-consumer" }.Where(path => DirectoryExists(path)))
        {
            DeleteDirectory(output, deleteAll);
        }

        // The folder itself stays: nuget.config names it as a feed, and a restore fails without it.
        DeleteFiles("./artifacts/packages/*.*nupkg");
    });

Task("Restore")
    .Does(() => DotNetRestore(Solution));

Task("Build")
    .IsDependentOn("Restore")
    .Does(() => DotNetBuild(Solution, new DotNetBuildSettings { Configuration = configuration, NoRestore = true }));

Task("Test")
    .IsDependentOn("Build")
    .Does(() => DotNetTest(Solution, new DotNetTestSettings
    {
        Configuration = configuration,
        NoBuild = true,
        EnvironmentVariables = new Dictionary<string, string> { ["RX_TESTS"] = "all" },
    }));

Task("Soak")
    .IsDependentOn("Build")
    .Does(() => DotNetTest(Tests, new DotNetTestSettings
    {
        Configuration = configuration,
        NoBuild = true,
        Filter = "Category=Soak",
        EnvironmentVariables = new Dictionary<string, string> { ["RX_TESTS"] = "all", ["RX_SOAK_SECONDS"] = soakSeconds },
    }));

Task("Sample")
    .IsDependentOn("Build")
    .Does(() => DotNetRun(Samples, "pulse --seconds 3", new DotNetRunSettings { Configuration = configuration, NoBuild = true }));

Task("Pack")
    .IsDependentOn("Build")
    .DoesForEach(
        new[] { Library, AspNetCore, Hosting, Testing, Nats, NatsHosting },
        project => DotNetPack(project, new DotNetPackSettings { Configuration = configuration, NoBuild = true }));

// Packs, restores the package from the local feed into a project outside the solution, publishes that natively, trimmed and plainly, and runs it.
Task("Consume")
    .IsDependentOn("Build")
    .Does(() => DotNetTest(Tests, new DotNetTestSettings
    {
        Configuration = configuration,
        NoBuild = true,
        Filter = "Category=Package",
        EnvironmentVariables = new Dictionary<string, string> { ["RX_TESTS"] = "all" },
        Loggers = new[] { "console;verbosity=normal" },
    }));

// The soak tests, for seconds, and Consume run here too, as part of Test.
Task("CI")
    .IsDependentOn("Clean")
    .IsDependentOn("Test")
    .IsDependentOn("Sample")
    .IsDependentOn("Pack");

RunTarget(target);
