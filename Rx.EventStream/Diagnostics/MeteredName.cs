using Rx.Storage;

namespace Rx.Diagnostics;

/// <summary>The streams that share a name, and the totals of those that were collected.</summary>
/// <remarks>It stays for as long as the process runs, since a counter must not fall.</remarks>
internal sealed class MeteredName
{
    private readonly UninterruptibleLock _gate = new();

    /// <summary>The streams. Under the lock. Weak: being measured keeps no stream alive. Long weak references, which find a stream until its
    /// totals were added to the others.</summary>
    private readonly LinkedList<WeakReference<IMeteredStream>> _streams = new();

    /// <summary>The totals of the streams that were collected. Under the lock.</summary>
    private StreamTotals _collected;

    /// <summary>What was reported last. Under the lock. A stream's totals are read while it is delivering, so they may fall by one for a
    /// moment; what is reported does not.</summary>
    private StreamTotals _reported;

    internal StreamTotals Totals
    {
        get
        {
            StreamTotals totals;
            List<IMeteredStream> streams;
            using (_gate.Enter())
            {
                totals = _collected;
                streams = FindStreamsLocked();
            }

            foreach (IMeteredStream stream in streams)
            {
                totals = totals.Plus(stream.Totals);
            }

            using (_gate.Enter())
            {
                return _reported = totals.AtLeast(_reported);
            }
        }
    }

    /// <summary>The figures of all streams together, or null if there is none.</summary>
    internal StreamFigures? Figures
    {
        get
        {
            List<IMeteredStream> streams;
            using (_gate.Enter())
            {
                streams = FindStreamsLocked();
            }

            // Outside of the lock: figures ask the stream's clock, which is foreign code.
            return streams.Count == 0 ? null : streams.Aggregate(default(StreamFigures), static (sum, stream) => sum.Plus(stream.Figures));
        }
    }

    /// <summary>Adds a stream; returns what the stream must refer to, and nothing else may.</summary>
    internal object Add(IMeteredStream stream)
    {
        using (_gate.Enter())
        {
            return new Membership(this, _streams.AddLast(new WeakReference<IMeteredStream>(stream, trackResurrection: true)), stream);
        }
    }

    private List<IMeteredStream> FindStreamsLocked()
    {
        var streams = new List<IMeteredStream>(_streams.Count);
        foreach (WeakReference<IMeteredStream> reference in _streams)
        {
            if (reference.TryGetTarget(out IMeteredStream? stream))
            {
                streams.Add(stream);
            }
        }

        return streams;
    }

    /// <summary>Unreachable together with its stream; then it keeps the stream's totals.</summary>
    private sealed class Membership(MeteredName name, LinkedListNode<WeakReference<IMeteredStream>> node, IMeteredStream stream)
    {
        ~Membership()
        {
            StreamTotals totals = stream.Totals;
            using (name._gate.Enter())
            {
                name._collected = name._collected.Plus(totals);
                name._streams.Remove(node);
            }
        }
    }
}
