using System.Diagnostics;

namespace Rx.Delivery;

/// <summary>Ends activities of calls.</summary>
internal static class ActivityExtensions
{
    /// <summary>Ends the activity of a call, on any thread, whose current activity stays the same.</summary>
    internal static void StopWith(this Activity activity, Exception? error)
    {
        if (error is not null)
        {
            activity.SetStatus(ActivityStatusCode.Error, error.Message);
            activity.AddException(error);
        }

        Activity? current = Activity.Current;
        activity.Stop();
        Activity.Current = current;
    }
}
