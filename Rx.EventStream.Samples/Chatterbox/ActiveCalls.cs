using Microsoft.AspNetCore.Http;

namespace Rx.Samples.Chatterbox;

/// <summary>Counts the calls of a server whose responses are not complete yet.</summary>
internal sealed class ActiveCalls
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The number of active calls, plus one until <see cref="WhenEndedAsync"/> is called. Changed only by interlocked operations.</summary>
    private int _count = 1;

    /// <summary>Counts a call until the end of its response is queued or the connection is lost.</summary>
    public Task TrackAsync(HttpContext call, RequestDelegate next)
    {
        Interlocked.Increment(ref _count);
        call.Response.OnCompleted(() =>
        {
            Decrement();
            return Task.CompletedTask;
        });
        return next(call);
    }

    /// <summary>Waits until no call is active. Call it once.</summary>
    public Task WhenEndedAsync()
    {
        Decrement();
        return _ended.Task;
    }

    private void Decrement()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _ended.TrySetResult();
        }
    }
}
