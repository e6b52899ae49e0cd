namespace Rx.Samples;

/// <summary>A sample program: its description for the command line, and how to run it.</summary>
internal abstract class Sample
{
    /// <summary>One word, or two words if several programs make up one sample: <c>chatterbox server</c>.</summary>
    public abstract string Name { get; }

    /// <summary>A one-line description.</summary>
    public abstract string Summary { get; }

    public abstract IReadOnlyList<SampleOption> Options { get; }

    /// <summary>A walkthrough for the end of the help text; empty if the sample has none.</summary>
    /// <param name="command">The start of each command in the walkthrough.</param>
    public virtual string GetWalkthrough(string command) => "";

    /// <summary>Runs the sample until it has finished or is interrupted, and returns the exit code.</summary>
    /// <exception cref="UsageException">The value of an option is invalid, or cannot be used on this machine, such as a busy port.</exception>
    public abstract Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted);
}
