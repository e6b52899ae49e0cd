using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>Posts to a synchronization context that the subscriber named, and says to which: two of these for one context share its
/// queue.</summary>
internal sealed class ContextScheduler : SynchronizationContextScheduler
{
    internal ContextScheduler(SynchronizationContext context)
        : base(context) => Context = context;

    internal SynchronizationContext Context { get; }
}
