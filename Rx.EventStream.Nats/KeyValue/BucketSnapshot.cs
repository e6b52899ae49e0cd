namespace Rx.Nats.KeyValue;

/// <summary>The newest entry of each key of a bucket.</summary>
/// <param name="Entries">The entries by revision. A key that changed while they were read can be there more than once; its last entry counts.</param>
/// <param name="Keys">The keys of the entries.</param>
/// <param name="Revision">The bucket's last revision. A key without an entry had none when the bucket had this revision.</param>
internal sealed record BucketSnapshot(IReadOnlyList<BucketEntry> Entries, IReadOnlySet<string> Keys, long Revision);
