namespace Rx.Benchmarks.Work;

/// <summary>Publishes numbers as fast as it can.</summary>
internal static class Publisher
{
    /// <summary>A loop of its own for so many, called often enough to be compiled for good before anything is measured.</summary>
    private const int Stretch = 500;

    /// <summary>Publishes 0, 1, 2, … up to <paramref name="count"/>.</summary>
    public static void Publish<TTarget>(TTarget target, int count)
        where TTarget : struct, ITarget<int>
    {
        for (int from = 0; from < count; from += Stretch)
        {
            PublishStretch(target, from, Math.Min(from + Stretch, count));
        }
    }

    /// <summary>Publishes the same numbers by the run.</summary>
    public static void PublishRuns(EventStream<int> stream, int length, int count)
    {
        int[] run = new int[length];
        for (int from = 0; from < count; from += length)
        {
            Span<int> values = run.AsSpan(0, Math.Min(length, count - from));
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = from + i;
            }

            stream.OnNextRange(values);
        }
    }

    private static void PublishStretch<TTarget>(TTarget target, int from, int to)
        where TTarget : struct, ITarget<int>
    {
        for (int i = from; i < to; i++)
        {
            target.Publish(i);
        }
    }
}
