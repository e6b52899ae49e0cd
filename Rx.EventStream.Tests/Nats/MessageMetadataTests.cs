using Rx.Nats.Reading;

namespace Rx.Tests.Nats;

/// <summary>The metadata of a message, in the forms that all versions of the server use.</summary>
[TestFixture]
internal sealed class MessageMetadataTests
{
    [TestCase("$JS.ACK.orders.rx-1.1.4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK._.AbC1.orders.rx-1.1.4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK.hub.AbC1.orders.rx-1.1.4711.42.1764000000000000000.7.Xy")]
    [TestCase("$JS.ACK.hub.AbC1.orders.rx-1.1.4711.42.1764000000000000000.7.Xy.more")]
    public void TryParse_SubjectOfAnyServerVersion_Metadata(string subject)
    {
        Assert.That(MessageMetadata.TryParse(subject, out MessageMetadata metadata), Is.True);
        Assert.That(metadata, Is.EqualTo(new MessageMetadata(Sequence: 4711, Number: 42, Pending: 7, Nanoseconds: 1764000000000000000)));
        Assert.That(metadata.Time, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(1764000000)));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("_INBOX.abc")]
    [TestCase("$JS.ACK.")]
    [TestCase("$JS.FC.orders.rx-1.1.4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK.orders.rx-1.1.4711.42.1764000000000000000")]
    [TestCase("$JS.ACK.x.orders.rx-1.1.4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK.orders.rx-1.1.-4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK.orders.rx-1.1.4711.many.1764000000000000000.7")]
    [TestCase("$JS.ACK.orders.rx-1.1.4711.42.today.7")]
    [TestCase("$JS.ACK.orders.rx-1.1.4711.42.1764000000000000000.")]
    public void TryParse_OtherSubject_False(string? subject)
    {
        Assert.That(MessageMetadata.TryParse(subject, out MessageMetadata metadata), Is.False);
        Assert.That(metadata, Is.EqualTo(default(MessageMetadata)));
    }
}
