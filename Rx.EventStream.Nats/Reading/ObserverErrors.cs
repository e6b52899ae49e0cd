using System.Runtime.ExceptionServices;

namespace Rx.Nats.Reading;

/// <summary>What happens to an exception that an observer throws while this package calls it.</summary>
/// <remarks>No caller is there to receive it. As on Rx's schedulers, the exception is unhandled and ends the process.</remarks>
internal static class ObserverErrors
{
    /// <summary>Throws an exception on the thread pool, where it is unhandled.</summary>
    internal static void Raise(Exception error) =>
        ThreadPool.UnsafeQueueUserWorkItem(static e => e.Throw(), ExceptionDispatchInfo.Capture(error), preferLocal: false);

    /// <summary>Calls an observer, and raises what it throws.</summary>
    internal static void Catch(Action call)
    {
        try
        {
            call();
        }
        catch (Exception error)
        {
            Raise(error);
        }
    }
}
