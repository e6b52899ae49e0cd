using Microsoft.Extensions.Primitives;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Rx.Nats.KeyValue;

/// <summary>A message of a bucket: what was done with a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">What was done.</param>
/// <param name="Subject">The message's subject.</param>
/// <param name="Data">The stored value. A deletion has none, and its content must not be deserialized.</param>
/// <param name="Revision">The message's sequence number.</param>
internal readonly record struct BucketEntry(string Key, NatsKeyValueChangeKind Kind, string Subject, ReadOnlyMemory<byte> Data, long Revision)
{
    /// <summary>The number of words of a subject before the key: <c>$KV</c> and the bucket, which is another one if the bucket is a mirror.</summary>
    private const int WordsBeforeKey = 2;

    internal static BucketEntry From(INatsJSMsg<byte[]> message, long revision) =>
        new(KeyOf(message.Subject), KindOf(message.Headers), message.Subject, message.Data, revision);

    internal static string KeyOf(string subject)
    {
        int start = 0;
        for (int i = 0; i < WordsBeforeKey; i++)
        {
            start = subject.IndexOf('.', start) + 1;
        }

        return subject[start..];
    }

    /// <summary>What the headers say. A client marks what it deletes; the server marks what it removes because its time is over.</summary>
    /// <remarks>
    /// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md,
    /// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-43.md
    /// </remarks>
    internal static NatsKeyValueChangeKind KindOf(NatsHeaders? headers) => (Last(headers, "KV-Operation") ?? Last(headers, "Nats-Marker-Reason")) switch
    {
        "DEL" or "Remove" => NatsKeyValueChangeKind.Delete,
        "PURGE" or "Purge" or "MaxAge" => NatsKeyValueChangeKind.Purge,
        _ => NatsKeyValueChangeKind.Put,
    };

    private static string? Last(NatsHeaders? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out StringValues values) && values.Count > 0 ? values[^1] : null;
}
