using System.Diagnostics;
using Rx.Storage;

namespace Rx.Delivery;

/// <content>How a subscription ends, and what it then forgets.</content>
internal sealed partial class InlineSubscription<T>
{
    /// <summary>Ends the subscription and tells the observer, unless it has ended or still replays on its own thread,
    /// which then finds the end itself. By the draining thread, at the terminal event.</summary>
    internal void FinishOwned(long end, Termination termination)
    {
        AdmitOwned(end);
        if (_state.IsLive)
        {
            _reached.Close(end);
        }

        if (_state.TryEndLive())
        {
            InlineDelivery<T> delivery = _delivery!;
            Error = termination.Error;
            IObserver<T>? observer = Release();
            LetGo(end);
            try
            {
                NotifyEnded(observer, termination);
            }
            catch (Exception error)
            {
                delivery.AddErrorOwned(error);
            }
        }
    }

    /// <summary>Ends a subscription that joined as the log ended, if it has not been admitted.</summary>
    internal void FinishWaiting(Termination termination)
    {
        if (_state.TryEndWaiting())
        {
            Error = termination.Error;
            IObserver<T>? observer = Release();
            _delivery!.Remove(this);
            LetGo(0);
            NotifyEnded(observer, termination);
        }
    }

    /// <summary>Ends the subscription, which is not in the list yet, where the subscribing thread cannot go on.</summary>
    internal void Abandon(Exception error)
    {
        if (_catchUp is { } catchUp)
        {
            catchUp.Abandon(error);
        }
        else
        {
            DisposeWith(error);
        }
    }

    /// <summary>Leaves the replay for good: at the end, and tells the observer; or because it was disposed.</summary>
    internal void FinishReplaying()
    {
        Termination? termination = _delivery!.Log.Termination;
        IObserver<T>? observer = null;
        if (_state.TryEndReplaying())
        {
            Error = termination?.Error;
            observer = Release();
        }

        _delivery!.Remove(this);
        LetGo(_catchUp!.Sequence);
        NotifyEnded(observer, termination);
    }

    public override void Dispose()
    {
        CatchUp<T>? catchUp = Volatile.Read(ref _catchUp);
        if (Volatile.Read(ref _delivery) is not { } delivery || !delivery.TryEnd(this, out bool wasWaiting, out bool wasReplaying))
        {
            return;
        }

        Release();
        if (wasWaiting)
        {
            catchUp?.Close();
        }

        if (!wasReplaying)
        {
            LetGo(catchUp?.Sequence ?? 0);
        }

        try
        {
            _endActions.Run().Throw();
        }
        finally
        {
            delivery.NotifyProgress();
        }
    }

    /// <summary>Ends it; see <see cref="SubscriptionState.End"/>. Called under the list's lock, where its slot has it in place of its
    /// observer.</summary>
    internal bool TryEndLocked(out bool wasWaiting, out bool wasReplaying) => _state.End(out wasWaiting, out wasReplaying);

    internal override async Task WhenReturnedAsync()
    {
        if (Volatile.Read(ref _delivery) is { } replaying)
        {
            await replaying.WhenAsync(() => Volatile.Read(ref _delivery) is null).ConfigureAwait(false);
        }

        if (Volatile.Read(ref _formerDelivery) is { } former && former.TryGetTarget(out InlineDelivery<T>? delivery))
        {
            await delivery.WhenReturnedAsync().ConfigureAwait(false);
        }
    }

    internal override void OnEnded(Action action) => _endActions.Add(action);

    /// <summary>Forgets the stream, once the subscription has ended. By the thread that replays, or by the one that ended it when no thread
    /// did.</summary>
    /// <param name="replayed">How far the replay came; less than it has reached otherwise if there was none.</param>
    internal void LetGo(long replayed)
    {
        Debug.Assert(_state.IsEnded, "Only a subscription that has ended forgets its stream.");
        _reached.Close(Math.Max(replayed, First));
        InlineDelivery<T> delivery = _delivery!;
        CatchUp<T>? catchUp = _catchUp;
        Volatile.Write(ref _formerDelivery, delivery.Weak);
        Volatile.Write(ref _catchUp, null);
        Volatile.Write(ref _delivery, null);
        if (catchUp is not null)
        {
            delivery.CountReplayed(this);
        }
    }

    /// <summary>Runs what is done at the end, and tells the observer even if that throws.</summary>
    private void NotifyEnded(IObserver<T>? observer, Termination? termination)
    {
        try
        {
            _endActions.Run().Throw();
        }
        finally
        {
            Observers.Notify(observer, termination);
        }
    }

    /// <summary>Forgets the observer, so that it can be collected at once, and returns it.</summary>
    private IObserver<T>? Release()
    {
        Debug.Assert(_state.IsEnded, "Only a subscription that has ended forgets its observer.");
        IObserver<T>? observer = _observer;
        Volatile.Write(ref _observer, null);
        return observer;
    }
}
