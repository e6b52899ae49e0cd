using Microsoft.AspNetCore.Http;

namespace Rx.Samples.Chatterbox;

/// <summary>The calls of a server that are not answered to their end.</summary>
internal sealed class CallsUnderWay
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many there are, and one until somebody waits. Changed by interlocked operations only.</summary>
    private int _count = 1;

    /// <summary>Counts a call until the end of its answer is queued, or the connection is lost.</summary>
    public Task Follow(HttpContext call, RequestDelegate next)
    {
        Interlocked.Increment(ref _count);
        call.Response.OnCompleted(() =>
        {
            End();
            return Task.CompletedTask;
        });
        return next(call);
    }

    /// <summary>Done when there is none. To be called once.</summary>
    public Task WhenOver()
    {
        End();
        return _over.Task;
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _over.TrySetResult();
        }
    }
}
