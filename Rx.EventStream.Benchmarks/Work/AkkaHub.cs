using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace Rx.Benchmarks.Work;

/// <summary>The actor system that the broadcast hubs run in, made when the first one is asked for.</summary>
internal static class AkkaHub
{
    private const int BufferSize = 256;

    private static readonly Lazy<ActorMaterializer> _materializer = new(() =>
        ActorSystem.Create("benchmarks", ConfigurationFactory.ParseString("akka { loglevel = OFF, stdout-loglevel = OFF }")).Materializer());

    /// <summary>A hub with its consumers, which begins to publish when told to.</summary>
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
