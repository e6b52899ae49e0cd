using Rx.Nats.Lifetime;

namespace Rx.Tests.Nats;

[TestFixture]
internal sealed class StreamLifetimeTests
{
    [Test]
    public void TryClose_Twice_TrueOnce()
    {
        using var lifetime = new StreamLifetime();

        Assert.That(() => lifetime.ThrowUnlessOpen(this), Throws.Nothing);
        Assert.That((lifetime.TryClose(), lifetime.TryClose()), Is.EqualTo((true, false)));
        Assert.That(() => lifetime.ThrowUnlessOpen(this), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task EndAsync_Closing_CancelsReading()
    {
        using var lifetime = new StreamLifetime();

        lifetime.TryClose();
        Assert.That(lifetime.Ended.IsCancellationRequested, Is.False, "Reading continues while publications are sent.");

        await lifetime.EndAsync();
        Assert.That(lifetime.Ended.IsCancellationRequested, Is.True);
    }
}
