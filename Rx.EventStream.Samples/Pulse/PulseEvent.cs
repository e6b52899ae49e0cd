namespace Rx.Samples.Pulse;

/// <summary>Something that was measured, or that happened, on this machine.</summary>
/// <param name="At">When.</param>
/// <param name="Source">The producer: runtime, system or folder.</param>
/// <param name="Name">What, such as <c>dotnet.gc.heap.total_allocated</c>.</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of what: By, By/s, %, ms/s, /s, or empty for a plain number.</param>
/// <param name="Text">What a number cannot say, such as a file's name.</param>
internal sealed record PulseEvent(DateTimeOffset At, string Source, string Name, double Value, string Unit, string? Text = null);
