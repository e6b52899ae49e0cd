namespace Rx.Tests;

internal enum MarbleKind
{
    Value,
    Completed,
    Error,
    Subscribe,
    Dispose,
}
