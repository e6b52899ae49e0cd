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
    /// <remarks>One method, in which the usual way calls nobody but the observers: the way there and back is most of what publishing
    /// to one of them costs. So does <see cref="PublishShared"/>.</remarks>
    private void PublishSingle(T value)
    {
        EventLog<T> log = _log;
        long word = log.Claims; // plain: only this thread writes it
        long sequence = word >> EventLog<T>.CountShift;

        // The usual event: all before it delivered, so this is not called from a delivery.
        if (_cursor.Sequence != sequence || !log.Tail!.TryPublish(sequence, value))
        {
            PublishSlow(value);
            return;
        }

        Debug.Assert(_phase == Owned, "A single writer with nothing to settle has taken the delivery over.");
        Volatile.Write(ref log.Claims, word + EventLog<T>.OneClaim);
        if ((log.Duties & Duties.Wake) != 0 && log.WakeReaders() is { } thrown)
        {
            AddErrorsOwned(thrown);
        }

        sequence++;
        ref EventSubscription? slot = ref _subscriptions.FirstSlot;
        if (Volatile.Read(ref slot) is not { } first)
        {
            LeaveAloneOwned(sequence);
            return;
        }

        try
        {
            CallAllOwned(ref slot, first, value, sequence);
        }
        catch (Exception error)
        {
            // With nothing but what the log and the cursor know: what a handler needs is written to the stack at every event.
            ResumeOwned(error);
            return;
        }

        // Not inside the try: what leaving throws is thrown by one who is not the owner any more.
        _cursor.MoveTo(sequence);

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
        long word = Volatile.Read(ref log.Claims);
        long sequence = word >> EventLog<T>.CountShift;

        // The usual event: nobody is delivering. Claims, and takes ownership.
        Segment<T> tail = log.Tail!;
        if ((word & (EventLog<T>.Inline | EventLog<T>.Draining)) != EventLog<T>.Inline
            || _cursor.Sequence != sequence
            || !tail.TryIndex(sequence, out nint index)
            || !TryExchange(ref log.Claims, word, EventLog<T>.OneClaim + EventLog<T>.Draining))
        {
            PublishSlow(value);
            return;
        }

        tail.PublishAt(index, value);
        if ((log.Duties & Duties.Wake) != 0 && log.WakeReaders() is { } thrown)
        {
            AddErrorsOwned(thrown);
        }

        sequence++;
        ref EventSubscription? slot = ref _subscriptions.FirstSlot;
        if (Volatile.Read(ref slot) is not { } first)
        {
            LeaveAloneOwned(sequence);
            return;
        }

        try
        {
            CallAllOwned(ref slot, first, value, sequence);
        }
        catch (Exception error)
        {
            ResumeOwned(error); // as above
            return;
        }

        // Not inside the try: what leaving throws is thrown by one who is not the owner any more.
        _cursor.MoveTo(sequence);
        log = _log;
        if ((log.Duties & ~Duties.Usual) != 0
            || !TryExchange(ref log.Claims, (sequence << EventLog<T>.CountShift) + EventLog<T>.Inline + EventLog<T>.Draining, -EventLog<T>.Draining))
        {
            DrainOwned();
        }
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

    /// <summary>Passes over an event that nobody is there for, and closes the delivery if it can.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LeaveAloneOwned(long next)
    {
        _cursor.MoveTo(next);
        DrainOwned();
    }

    /// <summary>Publishes where something is to be minded, or somebody is delivering, or others publish at the same time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value)
    {
        EventLog<T> log = _log;
        Segment<T> tail = log.TailBeforeClaim();
        long time = log.ReadClock();
        bool isOwner = false;
        long word = log.IsSingleWriter ? log.ClaimSingle() << EventLog<T>.CountShift : ClaimAndTryOwn(out isOwner);
        long sequence = word >> EventLog<T>.CountShift;
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
            long seen = Interlocked.CompareExchange(ref claims, (word + EventLog<T>.OneClaim) | EventLog<T>.Draining, word);
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
