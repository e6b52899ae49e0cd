using System.Threading.Tasks.Sources;

namespace Rx.Tests.Handlers;

/// <summary>What a handler returns whose call returns when the test says so: at once, on the test's thread. Its result can be taken only
/// once.</summary>
internal sealed class ManualCall : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;

    public ValueTask Task => new(this, _core.Version);

    public void Return(Exception? error = null)
    {
        if (error is null)
        {
            _core.SetResult(true);
        }
        else
        {
            _core.SetException(error);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);
        _core.Reset();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
