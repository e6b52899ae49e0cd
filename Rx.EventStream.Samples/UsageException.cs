namespace Rx.Samples;

/// <summary>The command line is invalid, or cannot be run on this machine now. The message is shown to the user.</summary>
internal sealed class UsageException(string message) : Exception(message);
