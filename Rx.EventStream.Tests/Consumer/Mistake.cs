namespace Rx.Tests.Consumer;

/// <summary>What the package's analyzers report. A test reads it from the compiler's log.</summary>
internal static class Mistake
{
#pragma warning disable RXES003 // reported on purpose, and must not end the build
    internal static IDisposable Make(EventStream<int> stream) => stream.Subscribe(async value => await Task.Delay(value));
#pragma warning restore RXES003
}
