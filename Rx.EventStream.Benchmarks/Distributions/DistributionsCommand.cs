using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Rx.Benchmarks.Distributions;

/// <summary>Hands the command line to BenchmarkDotNet.</summary>
internal static class DistributionsCommand
{
    public static int Run(string[] args)
    {
        // In this process, as the comparison; and so with this project's build, not with one that is made up for it.
        IConfig config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
        return BenchmarkSwitcher.FromAssembly(typeof(DistributionsCommand).Assembly).Run(args, config).Any() ? 0 : 1;
    }
}
