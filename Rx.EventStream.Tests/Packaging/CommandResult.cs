namespace Rx.Tests.Packaging;

internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    public string All => $"{Output}\n{Errors}";
}
