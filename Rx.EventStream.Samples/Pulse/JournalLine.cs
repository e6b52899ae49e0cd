namespace Rx.Samples.Pulse;

/// <summary>One line of the journal: an event and its sequence number in the stream.</summary>
internal sealed record JournalLine(long Sequence, PulseEvent Event);
