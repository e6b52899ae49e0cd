using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Rx.Benchmarks.Distributions;

/// <summary>Passes the command line to BenchmarkDotNet.</summary>
internal static class DistributionsCommand
{
    public static int Run(string[] args)
    {
        // In this process, like the comparison. So BenchmarkDotNet uses the build of this project and does not generate another one.
        IConfig config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
        return BenchmarkSwitcher.FromAssembly(typeof(DistributionsCommand).Assembly).Run(args, config).Any() ? 0 : 1;
    }
}
