using System.Threading.Tasks.Sources;

namespace Rx.Tests.Handlers;

/// <summary>The source of a task that continues twice, or throws after it has continued.</summary>
internal sealed class BrokenSource(bool throws) : IValueTaskSource
{
    public void GetResult(short token)
    {
    }

    public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        continuation(state);
        if (throws)
        {
            throw new FormatException("It has continued.");
        }

        continuation(state);
    }
}
