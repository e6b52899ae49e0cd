using System.Globalization;
using System.Text;

namespace Rx.Nats.Publishing;

/// <summary>Creates message ids, and checks those of callers.</summary>
/// <remarks><b>Concurrency.</b> Any thread.</remarks>
internal sealed class MessageIds
{
    /// <summary>The start of every id created here. It is random, so that no other publisher creates the same ids.</summary>
    private readonly string _prefix = $"{Guid.NewGuid():N}-";

    /// <summary>The number of ids created. Interlocked; uniqueness is all that matters, so it orders nothing.</summary>
    private long _count;

    /// <summary>A new id.</summary>
    internal string Next() => _prefix + Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture);

    /// <summary>Throws if a header cannot hold the id as it is. Different ids could otherwise become equal on the server.</summary>
    /// <param name="messageId">The id, or null for none.</param>
    /// <param name="encoding">How the connection encodes headers.</param>
    internal static void ThrowIfInvalid(string? messageId, Encoding encoding)
    {
        if (messageId is null)
        {
            return;
        }

        ArgumentException.ThrowIfNullOrWhiteSpace(messageId);
        if (messageId.Any(char.IsControl) || encoding.GetString(encoding.GetBytes(messageId)) != messageId)
        {
            throw new ArgumentException(
                $"'{messageId}' contains a control character, or a character that the connection's header encoding, {encoding.WebName}, does not have.",
                nameof(messageId));
        }
    }
}
