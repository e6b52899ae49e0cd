namespace Rx.Benchmarks.Work;

/// <summary>Something that events are published to. Implemented by structs, so that each contender gets a loop compiled for it alone.</summary>
internal interface ITarget<in T>
{
    void Publish(T value);
}
