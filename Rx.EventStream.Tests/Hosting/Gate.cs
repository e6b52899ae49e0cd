using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>Where a handler waits until the test opens it.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a handler is at the gate.</summary>
    public Task Reached => Eventually.Ends(_reached.Task);

    public void Open() => _open.TrySetResult();

    public async ValueTask PassAsync()
    {
        _reached.TrySetResult();
        await _open.Task;
    }
}
