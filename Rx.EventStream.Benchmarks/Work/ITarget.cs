namespace Rx.Benchmarks.Work;

/// <summary>What a publisher publishes to. Implemented by structs, so that the runtime compiles the loop separately for each contender.</summary>
internal interface ITarget<in T>
{
    void Publish(T value);
}
