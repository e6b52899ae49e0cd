namespace Rx.Samples.Chatterbox;

/// <summary>Somebody who has come in.</summary>
/// <param name="Name">How they are called.</param>
/// <param name="Sequence">The number of their coming in the log, or 0.</param>
internal sealed record Newcomer(string Name, long Sequence);
