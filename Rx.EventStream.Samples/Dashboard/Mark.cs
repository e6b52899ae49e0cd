namespace Rx.Samples.Dashboard;

/// <summary>The event of this sample.</summary>
/// <param name="Publisher">Who published it, from 0.</param>
/// <param name="Number">How many that publisher had published before.</param>
internal readonly record struct Mark(int Publisher, long Number);
