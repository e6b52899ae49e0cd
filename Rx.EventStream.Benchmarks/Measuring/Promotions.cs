namespace Rx.Benchmarks.Measuring;

/// <summary>Sums the bytes that collections promote. The finalizer of a garbage object runs after each collection and records it.</summary>
internal sealed class Promotions : IDisposable
{
    private long _bytes;
    private long _lastIndex = GC.GetGCMemoryInfo(GCKind.Any).Index;
    private bool _isDone;

    public Promotions() => Sentinel.Drop(this);

    public long Bytes => Volatile.Read(ref _bytes);

    public void Dispose() => Volatile.Write(ref _isDone, true);

    private void Record()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.Any);
        if (info.Index != _lastIndex)
        {
            _lastIndex = info.Index;
            _bytes += info.PromotedBytes;
        }
    }

    private sealed class Sentinel(Promotions owner)
    {
        ~Sentinel()
        {
            if (!Volatile.Read(ref owner._isDone))
            {
                owner.Record();
                Drop(owner);
            }
        }

        public static void Drop(Promotions owner) => _ = new Sentinel(owner);
    }
}
