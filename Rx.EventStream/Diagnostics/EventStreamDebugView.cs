using System.Diagnostics;

namespace Rx.Diagnostics;

/// <summary>What a debugger shows of a stream. It changes nothing.</summary>
internal sealed class EventStreamDebugView<T>(EventStream<T> stream)
{
    /// <summary>The newest events to show of those that are retained.</summary>
    private const int MaxEvents = 100;

    public long Published => stream.Log.NextSequence;

    public bool HasEnded => stream.HasEnded;

    public Exception? Error => stream.Log.Termination?.Error;

    public EventSubscription[] Subscriptions => [.. stream.Subscriptions];

    [DebuggerBrowsable(DebuggerBrowsableState.RootHidden)]
    public Sequenced<T>[] Retained
    {
        get
        {
            if (stream.IsDisposed)
            {
                return [];
            }

            var events = new List<Sequenced<T>>();
            using EventReader<T> reader = stream.GetPosition(Math.Max(stream.Log.OldestSequence, stream.Log.NextSequence - MaxEvents))
                .AsObservable().WithLagPolicy(LagPolicy.Unbounded).OpenReader();
            for (long sequence = reader.Sequence; reader.TryRead(out T? value); sequence++)
            {
                events.Add(new Sequenced<T>(sequence, value));
            }

            return [.. events];
        }
    }
}
