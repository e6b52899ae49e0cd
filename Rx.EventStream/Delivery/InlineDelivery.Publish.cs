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
    private const int BackOffSpins = 100;

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
        switch (duties & ~(Duties.Wake | Duties.WakeKnown))
        {
            case Duties.None:
                PublishSingle(value);
                break;
            case Duties.Share:
                PublishShared(value);
                break;
            default:
                PublishSlow(value);
                break;
        }
    }

    /// <summary>Publishes as the only writer, with nothing to mind.</summary>
    /// <remarks>The way there and back is most of what publishing to one observer costs. So, as in <see cref="PublishShared"/>, the usual way is in
    /// one method, which calls nobody but the observer. What is needed if that throws lies on the stack, by reference: else the handler
    /// would have this method fetch from there whatever it needs behind the call.</remarks>
    private void PublishSingle(T value)
    {
        EventLog<T> log = _log;
        long sequence = log.Claims; // plain: only this thread writes it, and sets no flag

        // The usual event: all before it delivered, so this is not called from a delivery.
        if (_cursor.Sequence != sequence || !log.Tail!.TryPublish(sequence, value))
        {
            PublishSlow(value);
            return;
        }

        Debug.Assert(_phase == Owned, "A single writer with nothing to settle has taken the delivery over.");
        Volatile.Write(ref log.Claims, sequence + 1);
        if ((log.Duties & Duties.Wake) != 0 || _subscriptions.Only is not { } only)
        {
            DeliverOwned(value);
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
        _cursor.MoveTo(_cursor.Sequence + 1);

        // The usual end: nothing was published inside, nobody threw, nobody waits to be told.
        if ((_log.Duties & ~Duties.Usual) != 0)
        {
            DrainOwned();
        }
    }

    /// <summary>Publishes as one of several writers, with nothing to mind.</summary>
    private void PublishShared(T value)
    {
        EventLog<T> log = _log;

        // The usual event: nobody is delivering. Claims, and takes ownership; what is looked at before is only certain once that has succeeded.
        long sequence = _cursor.Sequence;
        if (log.Tail is not { } tail
            || !tail.TryIndex(sequence, out nint index)
            || !TryExchange(ref log.Claims, sequence + EventLog<T>.Inline, 1 + EventLog<T>.Draining))
        {
            PublishSlow(value);
            return;
        }

        tail.PublishAt(index, value);
        if ((log.Duties & Duties.Wake) != 0 || _subscriptions.Only is not { } only)
        {
            DeliverOwned(value);
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

    /// <summary>Delivers what was just published to more observers than one, or to none, and wakes who is parked.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DeliverOwned(T value)
    {
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

        if (_subscriptions.Count == 0)
        {
            _cursor.MoveTo(_cursor.Sequence + 1);
            DrainOwned(); // closes the delivery, if it can
        }
        else if (!TryPassOwned())
        {
            DrainOwned();
        }
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
        delivery._cursor.MoveTo(delivery._cursor.Sequence + 1);
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
        delivery._cursor.MoveTo(delivery._cursor.Sequence + 1);
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
        if (sequence - place < Near)
        {
            Thread.SpinWait(LookSpins);
            if (_cursor.Sequence != place)
            {
                Thread.SpinWait(BackOffSpins);
            }
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
