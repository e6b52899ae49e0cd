namespace Rx.Samples.Pulse;

/// <summary>A value that was measured, or a change that was reported, on this machine.</summary>
/// <param name="At">The time of the event.</param>
/// <param name="Source">The producer: runtime, system or folder.</param>
/// <param name="Name">The name of the measure, such as <c>dotnet.gc.heap.total_allocated</c>.</param>
/// <param name="Value">The value.</param>
/// <param name="Unit">The unit of the value: By, By/s, %, ms/s, /s, or empty for a plain number.</param>
/// <param name="Text">Additional text, such as the name of a file.</param>
internal sealed record PulseEvent(DateTimeOffset At, string Source, string Name, double Value, string Unit, string? Text = null);
