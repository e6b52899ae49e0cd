namespace Rx.Tests.GcCheck;

/// <summary>An event of reference type.</summary>
internal sealed record Event(long Number);
