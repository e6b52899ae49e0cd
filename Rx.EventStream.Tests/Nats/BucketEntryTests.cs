using NATS.Client.Core;
using Rx.Nats;
using Rx.Nats.KeyValue;

namespace Rx.Tests.Nats;

[TestFixture]
internal sealed class BucketEntryTests
{
    [TestCase("$KV.settings.theme", "theme")]
    [TestCase("$KV.settings.user.42.theme", "user.42.theme")]
    public void KeyOf_Subject_IsTheRest(string subject, string key) => Assert.That(BucketEntry.KeyOf(subject), Is.EqualTo(key));

    [TestCase("KV-Operation", "DEL", NatsKeyValueChangeKind.Delete)]
    [TestCase("KV-Operation", "PURGE", NatsKeyValueChangeKind.Purge)]
    [TestCase("KV-Operation", "OTHER", NatsKeyValueChangeKind.Put)]
    [TestCase("Nats-Marker-Reason", "Remove", NatsKeyValueChangeKind.Delete)]
    [TestCase("Nats-Marker-Reason", "MaxAge", NatsKeyValueChangeKind.Purge)]
    [TestCase("Nats-Marker-Reason", "Purge", NatsKeyValueChangeKind.Purge)]
    [TestCase("Other", "DEL", NatsKeyValueChangeKind.Put)]
    public void KindOf_Header_SaysWhatWasDone(string name, string value, NatsKeyValueChangeKind kind) =>
        Assert.That(BucketEntry.KindOf(new NatsHeaders { [name] = value }), Is.EqualTo(kind));

    [Test]
    public void KindOf_NoHeaders_Put() => Assert.That(BucketEntry.KindOf(null), Is.EqualTo(NatsKeyValueChangeKind.Put));
}
