using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rx.Tests.Concurrency;

/// <summary>Moves a thread between processors again and again, so that it is interrupted between any two of its instructions.</summary>
/// <remarks>Linux only; elsewhere the thread stays where its system puts it, and a test that uses this has fewer interruptions.</remarks>
internal static partial class MovedThread
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
