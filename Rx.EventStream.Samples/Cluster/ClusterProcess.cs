using System.ComponentModel;
using System.Diagnostics;

namespace Rx.Samples.Cluster;

/// <summary>A program of the cluster, which can be killed and started again.</summary>
/// <param name="name">What to call it.</param>
/// <param name="program">What to run.</param>
/// <param name="arguments">What to tell it.</param>
/// <param name="readyWhen">What it says when it is ready.</param>
internal sealed class ClusterProcess(string name, string program, string[] arguments, string readyWhen) : IDisposable
{
    /// <summary>Taken to start it and to end it for good.</summary>
    private readonly Lock _lock = new();

    private Process? _process;
    private bool _isDisposed;

    /// <summary>It said something. Called from any thread.</summary>
    public event Action<string>? Said;

    public string Name => name;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Starts it, and waits until it is ready.</summary>
    /// <exception cref="UsageException">It does not start, or ends at once; with what it said last.</exception>
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
        process.OutputDataReceived += (_, line) => Hear(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => Hear(line.Data, isError: true);
        process.Exited += (_, _) => ready.TrySetResult(false);
        Start(process);
        if (!await ready.Task.WaitAsync(ct))
        {
            await process.WaitForExitAsync(ct);
            throw new UsageException($"{name} has ended: {Volatile.Read(ref last).Split(" See: ")[0]}");
        }

        void Hear(string? text, bool isError)
        {
            if (string.IsNullOrEmpty(text))
            {
                return;
            }

            Volatile.Write(ref last, text);

            // Why it does not start is told by the exception, once.
            if (!isError || ready.Task.IsCompleted)
            {
                Said?.Invoke(text);
            }

            if (text.Contains(readyWhen, StringComparison.Ordinal))
            {
                ready.TrySetResult(true);
            }
        }
    }

    /// <summary>Kills it, without a word to it.</summary>
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
