namespace Rx.Tests.Nats;

/// <summary>An event of the tests: who published it, and as its which.</summary>
public sealed record Reading(string Source, int Number);
