using System.ComponentModel;
using System.Diagnostics;

namespace Rx.Samples.Cluster;

/// <summary>A process of the cluster, which can be killed and started again.</summary>
/// <param name="name">The name to show.</param>
/// <param name="program">The program to run.</param>
/// <param name="arguments">The program's arguments.</param>
/// <param name="readyText">The text that the program writes when it is ready.</param>
internal sealed class ClusterProcess(string name, string program, string[] arguments, string readyText) : IDisposable
{
    /// <summary>Held while the process is started or disposed.</summary>
    private readonly Lock _lock = new();

    private Process? _process;
    private bool _isDisposed;

    /// <summary>Raised for each line of output, on any thread.</summary>
    public event Action<string>? OutputReceived;

    public string Name => name;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Starts the process and waits until it is ready.</summary>
    /// <exception cref="UsageException">The process cannot be started, or ends at once. The message has its last line of output.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
            EnableRaisingEvents = true,
        };
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        string last = "";
        process.OutputDataReceived += (_, line) => OnOutput(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => OnOutput(line.Data, isError: true);
        process.Exited += (_, _) => ready.TrySetResult(false);
        Start(process);
        if (!await ready.Task.WaitAsync(ct))
        {
            await process.WaitForExitAsync(ct);
            throw new UsageException($"{name} has ended: {Volatile.Read(ref last).Split(" See: ")[0]}");
        }

        void OnOutput(string? text, bool isError)
        {
            if (string.IsNullOrEmpty(text))
            {
                return;
            }

            Volatile.Write(ref last, text);

            // If the process does not start, the exception shows its error; it must not be shown twice.
            if (!isError || ready.Task.IsCompleted)
            {
                OutputReceived?.Invoke(text);
            }

            if (text.Contains(readyText, StringComparison.Ordinal))
            {
                ready.TrySetResult(true);
            }
        }
    }

    /// <summary>Kills the process, without a signal that it could handle.</summary>
    public void Kill()
    {
        if (IsRunning)
        {
            _process!.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Kill();
            _process?.Dispose();
        }
    }

    private void Start(Process process)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            try
            {
                process.Start();
            }
            catch (Exception error) when (error is Win32Exception or InvalidOperationException)
            {
                throw new UsageException($"{program} cannot be started: {error.Message.TrimEnd('.')}.");
            }

            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            _process?.Dispose();
            _process = process;
        }
    }
}
