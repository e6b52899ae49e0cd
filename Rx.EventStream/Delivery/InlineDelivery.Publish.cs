using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <content>Publishing: the claim, which gives the delivery with it, and the way to the observers and back.</content>
internal sealed partial class InlineDelivery<T>
{
    /// <summary>A publisher whose event another thread delivers steps back for a moment if that one is this close behind it. Otherwise the two
    /// would take the same cache lines from each other at every event, which costs more than the moment.</summary>
    private const int Near = 8;

    /// <summary>Some two microseconds.</summary>
    private const int BackOffSpins = 100;

    /// <summary>If it delivers so many meanwhile it is likely to go on, and this steps back for some twenty microseconds: handing all that a delivery
    /// touches from one processor to another, and back, costs about four.</summary>
    private const int Flood = 64;
    private const int FloodSpins = 700;

    /// <summary>Long enough to see whether it moves, also while the two disturb each other.</summary>
    private const int LookSpins = 20;

    /// <summary>Publishes an event and delivers it, and what else is there, before it returns, unless another thread, or a
    /// call further up this one, is delivering already.</summary>
    /// <param name="value">The event.</param>
    /// <param name="duties">What the caller has found to be minded: not <see cref="Duties.Ask"/>, since it has asked.</param>
    /// <remarks>Lock-free. Called by any writer; in single-writer mode by that one.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Publish(T value, Duties duties)
    {
        switch (duties)
        {
            case Duties.None:
                PublishSingle(value);
                break;
            case Duties.Share:
                PublishShared(value);
                break;
            default:
                if ((duties & ~Duties.Usual) == 0)
                {
                    PublishToAll(value);
                }
                else
                {
                    PublishSlow(value);
                }

                break;
        }
    }

    /// <summary>Publishes as the only writer, to one observer.</summary>
    /// <remarks>The way there and back is most of what publishing to one observer costs. So, as in <see cref="PublishShared"/>, it is all in
    /// one method, which calls nobody but the observer. What is needed if that throws lies on the stack, by reference: else the handler
    /// would have this method fetch from there whatever it needs behind the call.</remarks>
    private void PublishSingle(T value)
    {
        if (!TryPublishSingle(value))
        {
            PublishSlow(value);
            return;
        }

        if (OnlyObserver is not { } only)
        {
            DeliverOwned();
            return;
        }

        InlineDelivery<T> owner = this;
        try
        {
            only.OnNext(value);
        }
        catch (Exception error)
        {
            ResumeOwned(ref owner, error);
            return;
        }

        // Not inside the try: what leaving throws is thrown by one who is not the owner any more.
        _cursor.MoveOn();

        // The usual end: nothing was published inside, nobody threw, nobody waits to be told.
        if ((_log.Duties & ~Duties.Usual) != 0)
        {
            DrainOwned();
        }
    }

    /// <summary>Publishes as one of several writers, to one observer.</summary>
    private void PublishShared(T value)
    {
        if (!TryPublishShared(value))
        {
            PublishSlow(value);
            return;
        }

        if (OnlyObserver is not { } only)
        {
            DeliverOwned();
            return;
        }

        InlineDelivery<T> owner = this;
        try
        {
            only.OnNext(value);
        }
        catch (Exception error)
        {
            ResumeOwned(ref owner, error);
            return;
        }

        if (!TryPassOwned())
        {
            DrainOwned();
        }
    }

    /// <summary>Publishes where there may be more observers than one, or some on schedulers too.</summary>
    private void PublishToAll(T value)
    {
        if (!(_log.IsSingleWriter ? TryPublishSingle(value) : TryPublishShared(value)))
        {
            PublishSlow(value);
            return;
        }

        if ((_log.Duties & Duties.Wake) != 0)
        {
            WakeOwned();
        }

        InlineDelivery<T> owner = this;
        try
        {
            CallAllOwned(value);
        }
        catch (Exception error)
        {
            ResumeWalkOwned(ref owner, error);
            return;
        }

        if (!TryPassOwned())
        {
            DrainOwned();
        }
    }

    /// <summary>Publishes as the only writer, if this is the usual event: all before it delivered, so that this is not called from a
    /// delivery, and the tail has room. Then the caller owns the delivery.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPublishSingle(T value)
    {
        EventLog<T> log = _log;
        long sequence = log.Claims; // plain: only this thread writes it, and sets no flag
        if (_cursor.Sequence != sequence || !log.Tail!.TryPublish(sequence, value))
        {
            return false;
        }

        Debug.Assert(_phase == Owned, "A single writer with nothing to settle has taken the delivery over.");
        Volatile.Write(ref log.Claims, sequence + 1);
        return true;
    }

    /// <summary>Publishes as one of several writers, if this is the usual event: nobody is delivering, and the tail has room. Then the
    /// caller owns the delivery.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPublishShared(T value)
    {
        EventLog<T> log = _log;

        // What is looked at here is only certain once the claim has succeeded.
        long sequence = _cursor.Sequence;
        if (log.Tail is not { } tail
            || !tail.TryIndex(sequence, out nint index)
            || !TryExchange(ref log.Claims, sequence + EventLog<T>.Inline, 1 + EventLog<T>.Draining))
        {
            return false;
        }

        tail.PublishAt(index, value);
        return true;
    }

    /// <summary>The only observer, looked for behind the mark; null if there are none or more, or somebody may have to be woken.</summary>
    private IObserver<T>? OnlyObserver
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_log.Duties & Duties.Wake) == 0 ? _subscriptions.Only : null;
    }

    /// <summary>Delivers what was just published, where it has turned out not to be for one observer alone.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DeliverOwned()
    {
        WakeOwned();
        DrainOwned();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WakeOwned()
    {
        if (_log.WakeReaders() is { } thrown)
        {
            AddErrorsOwned(thrown);
        }
    }

    /// <summary>Moves over an event that all have had, and gives up ownership, if that is all there is to do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPassOwned()
    {
        long next = _cursor.Sequence + 1;
        _cursor.MoveTo(next);
        Duties duties = _log.Duties;
        return (duties & ~Duties.Usual) == 0
            && ((duties & Duties.Share) == 0 || TryExchange(ref _log.Claims, next + EventLog<T>.Inline + EventLog<T>.Draining, -EventLog<T>.Draining));
    }

    /// <summary>Goes on after the only observer threw: with what else there is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ResumeOwned(ref InlineDelivery<T> delivery, Exception error)
    {
        delivery.AddError(error);
        delivery._cursor.MoveOn();
        delivery.DrainOwned();
    }

    /// <summary>Goes on after one of several observers threw: with the others, then with what else there is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ResumeWalkOwned(ref InlineDelivery<T> delivery, Exception error)
    {
        delivery.AddError(error);
        bool isThere = delivery._cursor.TryPeek(delivery._log, out T? value);
        Debug.Assert(isThere, "The event in delivery is published.");
        delivery.CallRestOwned(value!);
        delivery._cursor.MoveOn();
        delivery.DrainOwned();
    }

    /// <summary>Adds to the claim word if it is as expected, by CAS.</summary>
    /// <remarks>Compared is the sum, which stays in its register: what is expected would go to the stack and back, and
    /// the interlocked operation would wait for that.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryExchange(ref long claims, long expected, long step)
    {
        long sum = expected + step;
        return Interlocked.CompareExchange(ref claims, sum, expected) + step == sum;
    }

    /// <summary>Publishes where something is to be minded, or somebody is delivering, or others publish at the same time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value)
    {
        EventLog<T> log = _log;
        Segment<T> tail = log.TailBeforeClaim();
        long time = log.ReadClock();
        bool isOwner = false;
        long word = log.IsSingleWriter ? log.ClaimSingle() : ClaimAndTryOwn(out isOwner);
        long sequence = EventLog<T>.CountOf(word);
        log.Publish(tail, sequence, value, time);
        List<Exception>? errors = log.WakeReaders();
        if (isOwner)
        {
            DrainOwned(errors);
            return;
        }

        if (log.IsSingleWriter || (word & EventLog<T>.Inline) != 0)
        {
            if (TryDrain(sequence, errors))
            {
                errors = null;
            }
        }

        if ((word & EventLog<T>.Draining) != 0)
        {
            BackOff(sequence);
        }

        Errors.Throw(errors);
    }

    /// <summary>Steps back from a thread that is delivering close behind. One that does not move is left alone: it is busy in an observer,
    /// perhaps in the very one that publishes here.</summary>
    private void BackOff(long sequence)
    {
        long place = _cursor.Sequence;
        if (sequence - place >= Near)
        {
            return;
        }

        Thread.SpinWait(LookSpins);
        if (_cursor.Sequence == place)
        {
            return;
        }

        Thread.SpinWait(BackOffSpins);
        if (_cursor.Sequence - place > Flood)
        {
            Thread.SpinWait(FloodSpins);
        }
    }

    /// <summary>Claims a sequence, and ownership of the delivery with the same CAS if nobody has it.</summary>
    /// <returns>The claim word as it was.</returns>
    private long ClaimAndTryOwn(out bool isOwner)
    {
        ref long claims = ref _log.Claims;
        long word = Volatile.Read(ref claims);

        // While somebody delivers there is nothing to own, and nothing that an addition could miss: see TryDrain.
        while ((word & (EventLog<T>.Inline | EventLog<T>.Draining)) == EventLog<T>.Inline)
        {
            long seen = Interlocked.CompareExchange(ref claims, (word + 1) | EventLog<T>.Draining, word);
            if (seen == word)
            {
                isOwner = true;
                return word;
            }

            word = seen;
        }

        isOwner = false;
        return _log.ClaimShared();
    }
}
