namespace Rx.Nats.Reading;

/// <summary>Where a catch-up read joins the local stream.</summary>
/// <param name="Reader">A reader of the local stream. It has every event from <paramref name="At"/> on.</param>
/// <param name="At">A sequence number of the server.</param>
internal sealed record LocalJoin<T>(EventReader<Sequenced<T>> Reader, long At) : IDisposable
{
    public void Dispose() => Reader.Dispose();
}
