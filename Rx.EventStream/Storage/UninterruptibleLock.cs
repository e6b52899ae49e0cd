using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>A lock that <see cref="Thread.Interrupt"/> keeps no thread out of: the thread's next wait is interrupted instead.</summary>
/// <remarks>A thread that was kept out could not give back what it holds, such as its place among those that wait, and others would wait for that
/// for good.</remarks>
internal sealed class UninterruptibleLock
{
    private readonly Lock _lock = new();

    internal bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    /// <summary>Enters, and leaves when the scope is disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Scope Enter()
    {
        if (!_lock.TryEnter())
        {
            EnterSlow();
        }

        return new Scope(_lock);
    }

    /// <summary>Enters unless another thread is inside; <see cref="Exit"/> leaves.</summary>
    internal bool TryEnter() => _lock.TryEnter();

    internal void Exit() => _lock.Exit();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterSlow()
    {
        bool wasInterrupted = false;
        bool isInside = false;
        while (!isInside)
        {
            try
            {
                _lock.Enter();
                isInside = true;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }

        if (wasInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>Holds the lock until it is disposed.</summary>
    internal readonly ref struct Scope(Lock held)
    {
        public void Dispose() => held.Exit();
    }
}
