namespace Rx.Testing;

/// <summary>xUnit finds this interface by its name: an exception that has it is a failed assertion, not a crash of the test.</summary>
internal interface IAssertionException;
