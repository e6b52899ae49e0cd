namespace Rx.Samples;

/// <summary>A command line that makes no sense. Its message is for the user.</summary>
internal sealed class UsageException(string message) : Exception(message);
