namespace Rx.Tests.Soak;

/// <summary>What hostile schedulers and observers throw.</summary>
internal sealed class TortureException : Exception
{
    /// <summary>Runs an action that may deliver to hostile observers, or wake hostile schedulers.</summary>
    public static void Ignore(Action action)
    {
        try
        {
            action();
        }
        catch (TortureException)
        {
            // Expected: the event was published and delivered all the same.
        }
        catch (AggregateException error) when (error.Flatten().InnerExceptions.All(inner => inner is TortureException))
        {
            // Several of them.
        }
    }
}
