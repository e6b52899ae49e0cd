namespace Rx.Samples;

/// <summary>A command line that makes no sense, or none here and now. Its message is for the user.</summary>
internal sealed class UsageException(string message) : Exception(message);
