using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rx.Tests.Concurrency;

/// <summary>Moves a thread between processors all the time, so that it can be interrupted between any two of its instructions.</summary>
/// <remarks>Works on Linux only. On other systems the thread runs as usual, and is interrupted less often.</remarks>
internal static partial class MigratingThread
{
    /// <summary>Runs <paramref name="action"/> on a thread that another thread keeps moving.</summary>
    public static void Run(Action action)
    {
        int threadId = 0;
        Exception? error = null;
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux())
            {
                Volatile.Write(ref threadId, GetThreadId());
            }

            try
            {
                action();
            }
            catch (Exception e)
            {
                error = e;
            }
        })
        { IsBackground = true };
        thread.Start();
        nuint all = nuint.MaxValue >> (64 - Math.Min(64, Environment.ProcessorCount));
        for (int turn = 0; !thread.Join(0); turn++)
        {
            if (Volatile.Read(ref threadId) is not 0 and var id)
            {
                nuint one = (nuint)1 << (turn % Math.Min(64, Environment.ProcessorCount));
                _ = SetAffinity(id, (nuint)Marshal.SizeOf<nuint>(), in one);
            }
        }

        if (threadId != 0)
        {
            _ = SetAffinity(threadId, (nuint)Marshal.SizeOf<nuint>(), in all);
        }

        Assert.That(error, Is.Null);
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int threadId, nuint size, in nuint mask);
}
