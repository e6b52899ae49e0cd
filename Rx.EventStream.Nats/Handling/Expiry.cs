namespace Rx.Nats.Handling;

/// <summary>Which other members of a group have shown no sign of life for the duration of a lease.</summary>
/// <remarks>
/// It compares the document with what this instance saw before, by this instance's monotonic clock. The clocks of the instances need not agree, and a change
/// of the wall clock changes nothing. A member stops its calls before its lease has expired here: it counts the time from before it sends a sign of life, this
/// type from after it has seen it.
/// <para><b>Concurrency.</b> One caller at a time.</para>
/// </remarks>
internal sealed class Expiry(TimeSpan lease, TimeProvider clock)
{
    private readonly Dictionary<string, (long Beat, long SeenAt)> _seen = new(StringComparer.Ordinal);

    /// <summary>Looks at a document that was just read, and returns the members that have expired.</summary>
    internal IReadOnlyList<string> Look(GroupState state, string self)
    {
        foreach (string gone in _seen.Keys.Where(member => !state.Members.ContainsKey(member)).ToArray())
        {
            _seen.Remove(gone);
        }

        var expired = new List<string>();
        foreach ((string member, long beat) in state.Members)
        {
            if (!_seen.TryGetValue(member, out (long Beat, long SeenAt) last) || last.Beat != beat)
            {
                _seen[member] = (beat, clock.GetTimestamp());
            }
            else if (member != self && clock.GetElapsedTime(last.SeenAt) >= lease)
            {
                expired.Add(member);
            }
        }

        return expired;
    }
}
