namespace Rx.Samples;

/// <summary>An option that takes a value, such as <c>--seconds N</c>.</summary>
internal sealed record SampleOption(string Name, string Value, string Help);
