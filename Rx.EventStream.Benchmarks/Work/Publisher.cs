namespace Rx.Benchmarks.Work;

/// <summary>Publishes numbers as fast as it can.</summary>
internal static class Publisher
{
    /// <summary>The events of one inner loop. Its method is called often enough to be compiled with optimizations before the measurement.</summary>
    private const int ChunkSize = 500;

    /// <summary>Publishes 0, 1, 2, … up to <paramref name="count"/>.</summary>
    public static void Publish<TTarget>(TTarget target, int count)
        where TTarget : struct, ITarget<int>
    {
        for (int from = 0; from < count; from += ChunkSize)
        {
            PublishChunk(target, from, Math.Min(from + ChunkSize, count));
        }
    }

    /// <summary>Publishes the same numbers in runs.</summary>
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

    private static void PublishChunk<TTarget>(TTarget target, int from, int to)
        where TTarget : struct, ITarget<int>
    {
        for (int i = from; i < to; i++)
        {
            target.Publish(i);
        }
    }
}
