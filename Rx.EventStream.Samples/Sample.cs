namespace Rx.Samples;

/// <summary>One program of this project: what the command line needs to know of it, and how to run it.</summary>
internal abstract class Sample
{
    /// <summary>A word, or two where several programs make one sample: <c>chatterbox server</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it shows, in one line.</summary>
    public abstract string Summary { get; }

    public abstract IReadOnlyList<SampleOption> Options { get; }

    /// <summary>What to try, for the end of its help; its commands start with the one that is given. Empty where the options say it all.</summary>
    public virtual string WhatToTry(string command) => "";

    /// <summary>Runs the sample until it is done or interrupted; returns the exit code.</summary>
    /// <exception cref="UsageException">An option has a bad value, or one that this machine cannot give, such as a busy port.</exception>
    public abstract Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted);
}
