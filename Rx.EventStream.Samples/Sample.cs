namespace Rx.Samples;

/// <summary>One program of this project: what the command line needs to know of it, and how to run it.</summary>
internal abstract class Sample
{
    public abstract string Name { get; }

    /// <summary>What it shows, in one line.</summary>
    public abstract string Summary { get; }

    public abstract IReadOnlyList<SampleOption> Options { get; }

    /// <summary>Runs the sample until it is done or interrupted; returns the exit code.</summary>
    /// <exception cref="UsageException">An option has a bad value.</exception>
    public abstract Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted);
}
