namespace Rx.Nats.Reading;

/// <summary>Where a reading goes over to the local stream.</summary>
/// <param name="Reader">Reads the local stream on; it has every event from <paramref name="At"/>.</param>
/// <param name="At">A sequence of the server.</param>
/// <param name="IsStart">Whether nothing had come to the local stream yet: the events before were all on the server when that was opened.</param>
internal sealed record Splice<T>(EventReader<Sequenced<T>> Reader, long At, bool IsStart) : IDisposable
{
    public void Dispose() => Reader.Dispose();
}
