using System.Diagnostics;

namespace Rx.Tests.Nats.Handling;

/// <summary>A process with a handler, which runs until it is killed.</summary>
internal sealed class HandlerInstance : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private HandlerInstance(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static HandlerInstance Start(string[] arguments) => new(Process.Start(
        new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "NatsProcess.dll"), .. arguments])
        {
            RedirectStandardError = true,
        })!);

    /// <summary>Fails, with the errors that the process has written, if it has ended by itself.</summary>
    public async Task AssertRunsAsync()
    {
        if (_process.HasExited)
        {
            Assert.Fail($"An instance has ended before it was killed, with exit code {_process.ExitCode}: {await _errors}");
        }
    }

    /// <summary>Kills it.</summary>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
