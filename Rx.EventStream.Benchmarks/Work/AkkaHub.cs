using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace Rx.Benchmarks.Work;

/// <summary>Opens broadcast hubs, in an actor system that is created with the first one.</summary>
internal static class AkkaHub
{
    private const int BufferSize = 256;

    private static readonly Lazy<ActorMaterializer> _materializer = new(() =>
        ActorSystem.Create("benchmarks", ConfigurationFactory.ParseString("akka { loglevel = OFF, stdout-loglevel = OFF }")).Materializer());

    /// <summary>Opens a hub with its consumers. It publishes once the returned source is completed.</summary>
    public static TaskCompletionSource<int> Open(int events, IReadOnlyList<IObserver<int>> observers)
    {
        var start = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Source<int, Akka.NotUsed> numbers = Source.FromTask(start.Task)
            .ConcatMany(_ => Source.From(Enumerable.Range(0, events)));
        Source<int, Akka.NotUsed> hub = numbers.RunWith(BroadcastHub.Sink<int>(observers.Count, BufferSize), _materializer.Value);
        foreach (IObserver<int> observer in observers)
        {
            hub.RunForeach(observer.OnNext, _materializer.Value);
        }

        return start;
    }
}
