using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reactive.Disposables;

namespace Rx.Testing.Timing;

/// <summary>Waits for what code of a test does on the thread pool, so that the clock does not move on before it has ended.</summary>
/// <remarks>
/// Awaited code leaves the thread that runs the scheduler at each <c>ConfigureAwait(false)</c>, as libraries have it, and comes back with a post.
/// The pool does not tell whose work it does. In a test that runs alone, the number of its working threads is enough. While other tests
/// keep the pool busy, three things together tell it: a work item that passes through the queues, the number of threads in the execution
/// context of this test, and some quiet time for a thread that enters or leaves this context.
/// </remarks>
internal sealed class ThreadPoolWork
{
    /// <summary>Passes through the queues of a pool that other tests keep busy.</summary>
    private const int MaxPasses = 20;

    /// <summary>How long no thread may enter or leave the context at least, twice in a row.</summary>
    private static readonly TimeSpan _leastQuiet = TimeSpan.FromMilliseconds(1);

    /// <summary>Longer work, such as a loop that waits for virtual time, is left to itself.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private static readonly AsyncLocal<ThreadPoolWork?> _current = new(OnContextChanged);

    /// <summary>How many threads of the pool work while no test does anything, such as those of the test runner. All runs read and write.</summary>
    private static int _steadyThreads;

    /// <summary>How long a work item has taken to pass lately, in ticks: the longest time, which fades with each one that takes less. All runs read
    /// and write.</summary>
    private static long _recentPass;

    /// <summary>Threads that run in this test's execution context, other than the one that runs the scheduler. All of them write.</summary>
    private int _active;

    /// <summary>Threads that were left to themselves.</summary>
    private int _ignored;

    /// <summary>Whether the test awaits something. If not, there is no quiet time. Any thread sets it before it posts; the scheduler's thread reads it.</summary>
    public bool IsExpected { get; set; }

    private bool IsActive => Volatile.Read(ref _active) > _ignored;

    /// <summary>Marks what the caller starts from here on as this test's.</summary>
    public IDisposable Enter()
    {
        ThreadPoolWork? previous = _current.Value;
        _current.Value = this;
        return Disposable.Create(() => _current.Value = previous);
    }

    /// <summary>Returns when the test's work on the pool has ended or has posted something.</summary>
    public void WaitUntilDone(ConcurrentQueue<Action> posts)
    {
        int threads = WorkingThreads();

        if (threads <= Volatile.Read(ref _steadyThreads))
        {
            Volatile.Write(ref _steadyThreads, threads);

            if (!IsActive && ThreadPool.PendingWorkItemCount == 0)
            {
                return;
            }
        }

        long start = Stopwatch.GetTimestamp();

        for (int passes = 1; posts.IsEmpty; passes++)
        {
            NotePass(PassThroughQueues());

            if (Stopwatch.GetElapsedTime(start) > _patience)
            {
                _ignored = Volatile.Read(ref _active);
                return;
            }

            if (!IsActive && (ThreadPool.PendingWorkItemCount == 0 || passes > MaxPasses) && (!IsExpected || StaysQuiet(posts)))
            {
                return;
            }
        }
    }

    /// <summary>Gives a thread time that is about to enter the execution context, or that has left it to complete a task.</summary>
    /// <remarks>As long as work items have taken to pass lately: on a machine that lets threads wait, such a thread waits too.</remarks>
    private bool StaysQuiet(ConcurrentQueue<Action> posts)
    {
        var quiet = TimeSpan.FromTicks(Math.Max(_leastQuiet.Ticks, Volatile.Read(ref _recentPass)));
        Thread.Sleep(quiet);
        (int Threads, long Completed) before = (WorkingThreads(), ThreadPool.CompletedWorkItemCount);

        if (IsActive || !posts.IsEmpty)
        {
            return false;
        }

        Thread.Sleep(quiet);

        if (IsActive || !posts.IsEmpty)
        {
            return false;
        }

        // Threads that complete nothing in this time do not run short work of other tests.
        if ((WorkingThreads(), ThreadPool.CompletedWorkItemCount) == before)
        {
            Volatile.Write(ref _steadyThreads, before.Threads);
        }

        return true;
    }

    private static void NotePass(TimeSpan pass) =>
        Volatile.Write(ref _recentPass, Math.Max(pass.Ticks, Volatile.Read(ref _recentPass) * 7 / 8));

    private static int WorkingThreads()
    {
        ThreadPool.GetMaxThreads(out int max, out _);
        ThreadPool.GetAvailableThreads(out int available, out _);
        return max - available - (Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
    }

    /// <summary>A work item starts after all that this thread has queued before it, in the pool's queue and in the thread's own.</summary>
    /// <returns>How long that took.</returns>
    private static TimeSpan PassThroughQueues()
    {
        long start = Stopwatch.GetTimestamp();
        var passed = new CountdownEvent(2);
        ThreadPool.UnsafeQueueUserWorkItem(static passed => passed.Signal(), passed, preferLocal: false);
        ThreadPool.UnsafeQueueUserWorkItem(static passed => passed.Signal(), passed, preferLocal: true);
        passed.Wait(_patience);
        return Stopwatch.GetElapsedTime(start);
    }

    private static void OnContextChanged(AsyncLocalValueChangedArgs<ThreadPoolWork?> change)
    {
        // A thread that sets the value is one that runs a scheduler.
        if (change.ThreadContextChanged)
        {
            Add(change.PreviousValue, -1);
            Add(change.CurrentValue, 1);
        }
    }

    private static void Add(ThreadPoolWork? work, int threads)
    {
        if (work is not null)
        {
            Interlocked.Add(ref work._active, threads);
        }
    }
}
