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
        if (error is not null)
        {
            Record(activity, error);
        }

        try
        {
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

    /// <summary>Notes the call's error, as far as a listener and the exception itself allow: the activity ends in any case.</summary>
    private static void Record(Activity activity, Exception error)
    {
        try
        {
            activity.SetStatus(ActivityStatusCode.Error);
            activity.SetStatus(ActivityStatusCode.Error, error.Message);
            activity.AddException(error);
        }
        catch (Exception)
        {
            // The call's own error counts.
        }
    }
}
