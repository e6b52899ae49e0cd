namespace Rx.Benchmarks.Measuring;

/// <summary>Adds up what the collections promote, by looking after each of them: something that dies there tells when.</summary>
internal sealed class Promotions : IDisposable
{
    private long _bytes;
    private long _lastIndex = GC.GetGCMemoryInfo(GCKind.Any).Index;
    private bool _isDone;

    public Promotions() => Sentinel.Drop(this);

    public long Bytes => Volatile.Read(ref _bytes);

    public void Dispose() => Volatile.Write(ref _isDone, true);

    private void Look()
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
                owner.Look();
                Drop(owner);
            }
        }

        public static void Drop(Promotions owner) => _ = new Sentinel(owner);
    }
}
