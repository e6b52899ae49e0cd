namespace Rx.Nats.Reading;

/// <summary>Where a reading goes over to the local stream.</summary>
/// <param name="Reader">Reads the local stream on; it has every event from <paramref name="At"/>.</param>
/// <param name="At">A sequence of the server.</param>
internal sealed record Splice<T>(EventReader<Sequenced<T>> Reader, long At) : IDisposable
{
    public void Dispose() => Reader.Dispose();
}
