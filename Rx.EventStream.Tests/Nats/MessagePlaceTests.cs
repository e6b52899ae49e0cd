using Rx.Nats.Reading;

namespace Rx.Tests.Nats;

/// <summary>What the server says of a message, in the forms that servers of all versions have for it.</summary>
[TestFixture]
internal sealed class MessagePlaceTests
{
    [TestCase("$JS.ACK.orders.rx-1.1.4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK._.AbC1.orders.rx-1.1.4711.42.1764000000000000000.7")]
    [TestCase("$JS.ACK.hub.AbC1.orders.rx-1.1.4711.42.1764000000000000000.7.Xy")]
    [TestCase("$JS.ACK.hub.AbC1.orders.rx-1.1.4711.42.1764000000000000000.7.Xy.more")]
    public void TryParse_SubjectOfAnyServer_Place(string subject)
    {
        Assert.That(MessagePlace.TryParse(subject, out MessagePlace place), Is.True);
        Assert.That(place, Is.EqualTo(new MessagePlace(Sequence: 4711, Number: 42, Pending: 7, Nanoseconds: 1764000000000000000)));
        Assert.That(place.Time, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(1764000000)));
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
    public void TryParse_AnythingElse_False(string? subject)
    {
        Assert.That(MessagePlace.TryParse(subject, out MessagePlace place), Is.False);
        Assert.That(place, Is.EqualTo(default(MessagePlace)));
    }
}
