namespace Rx.Testing;

/// <summary>A marble test failed. The message shows the expected and the actual marbles.</summary>
/// <remarks>All test frameworks report the message as it is. xUnit counts the exception as a failed assertion.</remarks>
public sealed class MarbleException : Exception, IAssertionException
{
    /// <summary>Creates an exception without a message.</summary>
    public MarbleException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public MarbleException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public MarbleException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
