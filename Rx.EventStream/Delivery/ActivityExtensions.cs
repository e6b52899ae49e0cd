using System.Diagnostics;

namespace Rx.Delivery;

/// <summary>Ends activities of calls.</summary>
internal static class ActivityExtensions
{
    /// <summary>Ends the activity of a call, on any thread, whose current activity stays the same.</summary>
    /// <returns>The call's error; if it has none, what a listener threw: no code but the call's could tell of that.</returns>
    internal static Exception? StopWith(this Activity activity, Exception? error)
    {
        Activity? current = Activity.Current;
        try
        {
            if (error is not null)
            {
                activity.SetStatus(ActivityStatusCode.Error, error.Message);
                activity.AddException(error);
            }

            activity.Stop();
        }
        catch (Exception thrown)
        {
            error ??= thrown;
        }
        finally
        {
            Activity.Current = current;
        }

        return error;
    }
}
