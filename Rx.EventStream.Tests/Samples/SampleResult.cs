namespace Rx.Tests.Samples;

internal sealed record SampleResult(int ExitCode, string Output, string Errors);
