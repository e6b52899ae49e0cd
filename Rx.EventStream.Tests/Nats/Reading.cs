namespace Rx.Tests.Nats;

/// <summary>An event of the tests: the publisher, and its number among that publisher's events.</summary>
public sealed record Reading(string Source, int Number);
