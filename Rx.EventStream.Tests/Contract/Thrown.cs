namespace Rx.Tests.Contract;

/// <summary>What code throws that may throw or not.</summary>
internal static class Thrown
{
    internal static Exception? By(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }
}
