using System.Globalization;
using System.Text;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>A checkpoint in a key-value bucket. The value of its key is the sequence number and the owner, as text: <c>4711 owner</c>.</summary>
/// <remarks>
/// The owner's id tells a save whose answer was lost from a save of another owner: after a wrong revision, the entry is read, and if it still names this
/// owner, the save is tried again on the entry's revision.
/// <para><b>Concurrency.</b> One call at a time.</para>
/// </remarks>
internal sealed class KeyValueCheckpoint : ICheckpoint
{
    private readonly KeyValueBucket _bucket;
    private readonly string _name;
    private readonly string _owner;
    private ulong _revision;

    private KeyValueCheckpoint(KeyValueBucket bucket, string name, string owner, long next, ulong revision)
    {
        _bucket = bucket;
        _name = name;
        _owner = owner;
        _revision = revision;
        Next = next;
    }

    public long Next { get; private set; }

    internal static async ValueTask<KeyValueCheckpoint> OpenAsync(KeyValueBucket bucket, string name, CancellationToken cancellationToken)
    {
        var owner = Guid.NewGuid().ToString("N");
        while (true)
        {
            KeyValueEntry? entry = await bucket.FindAsync(name, cancellationToken).ConfigureAwait(false);
            long next = Parse(name, entry).Next;
            ulong? revision = await bucket.TryWriteAsync(name, Format(next, owner), entry?.Revision ?? 0, cancellationToken).ConfigureAwait(false);
            if (revision is { } written)
            {
                return new KeyValueCheckpoint(bucket, name, owner, next, written);
            }
        }
    }

    public async ValueTask SaveAsync(long next, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(next, 1);
        while (next > Next)
        {
            if (await _bucket.TryWriteAsync(_name, Format(next, _owner), _revision, cancellationToken).ConfigureAwait(false) is { } written)
            {
                _revision = written;
                Next = next;
                return;
            }

            KeyValueEntry? entry = await _bucket.FindAsync(_name, cancellationToken).ConfigureAwait(false);
            (long savedNext, string? owner) = Parse(_name, entry);
            if (entry is not { Value.Length: > 0 } saved || owner != _owner)
            {
                throw new CheckpointLostException(_name);
            }

            _revision = saved.Revision;
            Next = savedNext;
        }
    }

    private static byte[] Format(long next, string owner) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{next} {owner}"));

    private static (long Next, string? Owner) Parse(string name, KeyValueEntry? entry)
    {
        if (entry is not { Value.Length: > 0 } saved)
        {
            return (0, null);
        }

        string text = Encoding.ASCII.GetString(saved.Value);
        string[] words = text.Split(' ');
        return words.Length == 2 && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long next)
            ? (next, words[1])
            : throw new NatsEventStreamException($"Key '{name}' does not hold a checkpoint but '{text}'.");
    }
}
