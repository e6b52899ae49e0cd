using Rx.Nats;
using Rx.Nats.Reading;

namespace Rx.Tests.Nats;

/// <summary>When the two sequence numbers of a reader become known, for each kind of start.</summary>
[TestFixture]
internal sealed class ReadProgressTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    [Test]
    public void Start_AtSequence_KnownAtOnce()
    {
        var progress = new ReadProgress(NatsStart.At(5));

        Assert.That((progress.Next, progress.CompleteFrom, progress.HasStarted), Is.EqualTo((5, 5, true)));
    }

    [Test]
    public void Start_Now_KnownWithStreamEnd()
    {
        var progress = new ReadProgress(NatsStart.Now);
        Assert.That(progress.HasStarted, Is.False);

        progress.SetStreamEnd(7);
        progress.SetDelivered(9);
        progress.SetTime(_now);

        Assert.That((progress.Next, progress.CompleteFrom), Is.EqualTo((8, 8)));
    }

    [Test]
    public void Start_Oldest_KnownWithFirstConsumer()
    {
        var progress = new ReadProgress(NatsStart.Oldest);
        progress.SetStreamEnd(7);
        Assert.That(progress.Next, Is.Zero);

        progress.SetDelivered(2);
        progress.SetTime(_now);

        Assert.That((progress.Next, progress.CompleteFrom), Is.EqualTo((3, 3)));
    }

    [Test]
    public void Start_LastPerSubject_BySubjectUntilStreamEnd()
    {
        var progress = new ReadProgress(NatsStart.LastPerSubject);

        progress.SetStreamEnd(7);
        progress.SetDelivered(2);
        progress.SetTime(_now);
        Assert.That((progress.Next, progress.CompleteFrom, progress.IsBySubject), Is.EqualTo((3, 8, true)));

        progress.AdvanceTo(8);
        Assert.That(progress.IsBySubject, Is.False);
    }

    [Test]
    public void Start_SinceFutureTime_KnownWithFirstEventAfterIt()
    {
        var progress = new ReadProgress(NatsStart.Since(_now.AddSeconds(1)));
        progress.SetDelivered(0);
        progress.SetTime(_now);
        Assert.That(progress.HasStarted, Is.False);

        Assert.That(progress.Read(1, _now, next: 2), Is.False);
        Assert.That((progress.HasStarted, progress.CanStartLater), Is.EqualTo((false, true)));

        Assert.That(progress.Read(2, _now.AddSeconds(1), next: 3), Is.True);
        Assert.That((progress.Next, progress.CompleteFrom, progress.CanStartLater), Is.EqualTo((3, 2, false)));
    }
}
