/* The delivery on the publishing threads with several writers: claim, drain, leave, wait for a turn, hand over, end.
   Code: ClaimWord, MultiWriterDelivery, TurnQueue.

   Memory is TSO, as on x64. What a thread stores plainly waits in its buffer: first the mark of its event, then the byte by which it
   leaves (once publishers have met, it leaves by an interlocked operation). Interlocked operations empty the thread's own buffer; a
   process-wide barrier empties all buffers.
   When a publisher waits, and when a drainer has had its share, is left open: the model tries both at every event.

   Asserted: one thread drains at a time; in the end every event is delivered, no thread drains or waits; with -DTERM, the end is
   delivered after every event that was claimed before it.

   Holds:
     -DNW=2 -DNE=1
     -DNW=2 -DNE=1 -DINSIDE    the observer publishes one more event from inside the first delivery
     -DNW=1 -DNE=2 -DTERM      a thread ends the log
     -DNW=2 -DNE=2

   Fails:
     -DNW=2 -DNE=2 -DNO_BARRIER       the contending publisher issues its own fence only, never the process-wide barrier
     -DNW=2 -DNE=2 -DNO_LOOK          a drainer does not look again after it has left
     -DNW=2 -DNE=2 -DNO_LOOK_FENCE    it looks without a fence
     -DNW=2 -DNE=2 -DNO_ANNOUNCE      a publisher waits for its turn although drainers do not know yet that they must look
     -DNW=2 -DNE=1 -DNO_CALL          it calls no waiting publisher after it has left
     -DNW=2 -DNE=1 -DNO_LOOK_IN_QUEUE a publisher goes to sleep without looking whether a thread drains
     -DNW=2 -DNE=2 -DNO_RECHECK       a drainer that leaves before a hole does not look whether the hole was filled */
#ifndef NW
#define NW 2
#endif
#ifndef NE
#define NE 2
#endif
#define MAX 8
#define NONE 255

/* The claim word. */
byte count; bool draining; bool offered; bool ended;
/* The flags. */
bool contended; bool announced; bool publishedInside;
byte end = NONE;
bool mark[MAX];
/* Store buffers: a mark, then leaving. */
byte markBuffer[5] = NONE; bool leaveBuffer[5];
/* The drainer's. */
byte cursor; byte owners; byte finished; bool wasInside;
/* The queue of turns. */
byte queue[5]; byte waiting; byte state[5];   /* 0 waits, 1 called, 2 handed over */
byte turn[5]; bool takesOffer[5];
byte done;

#define FLUSH(t) \
  if :: markBuffer[t] != NONE -> mark[markBuffer[t]] = true; markBuffer[t] = NONE :: else fi; \
  if :: leaveBuffer[t] -> leaveBuffer[t] = false; draining = false; offered = false :: else fi
#define FLUSH_ALL FLUSH(0); FLUSH(1); FLUSH(2); FLUSH(3)
#define SEES_MARK(t, s) (mark[s] || markBuffer[t] == s)
#define SEES_DRAINING(t) (draining && !leaveBuffer[t])

/* What a thread has stored becomes visible by itself at any time. */
#define BUFFER(t) \
  :: atomic { markBuffer[t] != NONE -> mark[markBuffer[t]] = true; markBuffer[t] = NONE } \
  :: atomic { markBuffer[t] == NONE && leaveBuffer[t] -> leaveBuffer[t] = false; draining = false; offered = false }

active proctype Buffers() {
endBuffers:
  do
  BUFFER(0)
  BUFFER(1)
  BUFFER(2)
#if NW > 2
  BUFFER(3)
#endif
  od
}

/* ClaimWord.TryDrain: the look, then the CAS. */
inline TryDrain(t) {
  ok = false;
  if
  :: !SEES_DRAINING(t) -> atomic { FLUSH(t); if :: !draining -> draining = true; ok = true :: else fi }
  :: else
  fi
}

inline Dequeue() { queue[0] = queue[1]; queue[1] = queue[2]; queue[2] = queue[3]; waiting-- }

/* TurnQueue.CallDelivered: by a thread that has left. */
inline CallDelivered(t, before) {
  if
  :: waiting > 0 ->
     atomic {
       FLUSH(t);
       do
       :: waiting > 0 && (takesOffer[queue[0]] || turn[queue[0]] < before) -> state[queue[0]] = 1; Dequeue()
       :: else -> break
       od
     }
  :: else
  fi
}

/* TurnQueue.TryCallNext: calls the delivered ones, and hands over to the first that is not. */
inline TryCallNext(t, before) {
  ok = false;
  atomic {
    FLUSH(t);
    do
    :: waiting > 0 && !ok ->
       if :: !takesOffer[queue[0]] && turn[queue[0]] < before -> state[queue[0]] = 1
          :: else -> state[queue[0]] = 2; ok = true
       fi;
       Dequeue()
    :: else -> break
    od
  }
}

/* DrainOwned: ok tells in the end nothing; the thread is no longer the drainer. */
inline Drain(t) {
  owners++; assert(owners == 1);
  do
  :: SEES_MARK(t, cursor) && cursor < end ->
     Observe(t);
     cursor++;
     if
     :: skip                                    /* the share is not used up */
     :: if                                      /* it is: TryHandOverOwned */
        :: waiting == 0 -> atomic { FLUSH(t); offered = true }
        :: else ->
           owners--;
           TryCallNext(t, cursor);
           if :: ok -> break :: else -> owners++ fi
        fi
     fi
  :: cursor >= end ->
     finished = 1; owners--;
     leaveBuffer[t] = true;
     atomic { FLUSH(t) };
     atomic { do :: waiting > 0 -> state[queue[0]] = 1; Dequeue() :: else -> break od };
     break
  :: !(SEES_MARK(t, cursor) && cursor < end) && cursor < end ->
     /* dry: TryReleaseOwned */
     publishedInside = false;
     seenCount = count; seenEnded = ended; place = cursor;
     owners--;
     atomic { FLUSH(t); if :: count == seenCount && ended == seenEnded -> draining = false; offered = false; ok = true :: else -> ok = false fi };
     if
     :: !ok -> owners++
     :: else ->
#ifndef NO_CALL
        CallDelivered(t, place);
#endif
#ifdef NO_RECHECK
        break
#else
        if
        :: seenCount == place || !(SEES_MARK(t, place) || place >= end) -> break
        :: else -> TryDrain(t); if :: ok -> owners++; assert(owners == 1) :: else -> break fi
        fi
#endif
     fi
  od
}

/* The observer: perhaps publishes once from inside. */
inline Observe(t) {
#ifdef INSIDE
  if
  :: !wasInside ->
     wasInside = true;
     atomic { FLUSH(t); inside = count; count++ };
     atomic { FLUSH(t); markBuffer[t] = inside };
     atomic { FLUSH(t); publishedInside = true }
  :: else
  fi
#else
  skip
#endif
}

inline AnnounceContention(t) {
#ifdef NO_BARRIER
  atomic { FLUSH(t); contended = true; announced = true }
#else
  if
  :: announced -> atomic { FLUSH(t) }
  :: else ->
     atomic { FLUSH(t); contended = true };
     atomic { FLUSH_ALL };
     atomic { announced = true }
  fi
#endif
}

/* MultiWriterDelivery.WaitForTurns: a publisher may wait while its event is not delivered, also where it has drained itself and come to a
   hole; or once for an offer. */
inline WaitForTurns(t, s) {
  wantsOffer = true;
  do
  :: break                                      /* few events wait */
  :: !ended && (cursor <= s || (wantsOffer && offered && waiting == 0)) ->
     atomic { FLUSH(t); takesOffer[t] = (cursor > s); turn[t] = s; state[t] = 0; queue[waiting] = t; waiting++ };
     wantsOffer = false;
#ifndef NO_ANNOUNCE
     AnnounceContention(t);                     /* it may have met no drainer yet */
#endif
#ifndef NO_LOOK_IN_QUEUE
     TryDrain(t);
     if :: ok -> Drain(t) :: else fi;           /* it stays in the queue */
#endif
     state[t] != 0;
     if :: state[t] == 2 -> atomic { FLUSH(t); offered = false }; Drain(t) :: else fi
  od
}

/* MultiWriterDelivery.Deliver, after a publisher's own slow path. */
inline Deliver(t) {
  TryDrain(t);
  if
  :: ok -> Drain(t)
  :: else ->
     AnnounceContention(t);
     TryDrain(t);
     if :: ok -> Drain(t) :: else fi
  fi
}

proctype Publisher(byte t) {
  byte e; byte s; bool ok; byte seenCount; bool seenEnded; byte place; byte inside; bool wantsOffer; bool hasMet;
  do
  :: e < NE ->
     e++;
     hasMet = contended;
     if
     :: /* the fast path: TryClaimAndDrain, one event, LeaveOwned or LeaveContendedOwned */
        place = cursor;
        atomic { FLUSH(t); if :: count == place && !draining && !ended -> s = count; count++; draining = true; ok = true :: else -> ok = false fi };
        if
        :: ok ->
           owners++; assert(owners == 1);
           markBuffer[t] = s;
           assert(cursor == s);
           Observe(t);
           cursor = s + 1; place = s + 1;
           owners--;
           if
#ifndef NO_LOOK_FENCE
           :: hasMet -> atomic { FLUSH(t); draining = false; seenCount = count }      /* ClaimWord.Leave */
           :: !hasMet -> leaveBuffer[t] = true
#else
           :: leaveBuffer[t] = true; seenCount = count
#endif
           fi;
#ifndef NO_LOOK
           if
           :: !hasMet && (contended || publishedInside || ended) ->
#ifndef NO_LOOK_FENCE
              atomic { FLUSH(t) };
#endif
              seenCount = count; hasMet = true
           :: else
           fi;
           if
           :: hasMet && (seenCount != place || publishedInside || ended || waiting > 0) ->
              /* DrainAgain */
              CallDelivered(t, place);
              TryDrain(t);
              if :: ok -> Drain(t) :: else fi
           :: else
           fi;
#endif
           goto next
        :: else
        fi
     :: skip
     fi;
     /* PublishSlow */
     atomic { FLUSH(t); s = count; count++; if :: !draining -> draining = true; ok = true :: else -> ok = false fi };
     markBuffer[t] = s;
     if
     :: ok -> Drain(t)
     :: else -> Deliver(t)
     fi;
     WaitForTurns(t, s);
next: skip
  :: e == NE -> break
  od;
  atomic { FLUSH(t); done++ }
}

proctype Terminator(byte t) {
  byte s; bool ok; byte seenCount; bool seenEnded; byte place; byte inside; bool wantsOffer;
  atomic { s = count; count++; ended = true };
  atomic { end = s };
  Deliver(t);                                   /* WaitForTurns returns at once: the log has ended */
  atomic { FLUSH(t); done++ }
}

init {
  atomic {
    run Publisher(0);
#if NW > 1
    run Publisher(1);
#endif
#if NW > 2
    run Publisher(2);
#endif
#ifdef TERM
    run Terminator(NW)
#else
    done++
#endif
  };
  done == NW + 1;
  assert(!draining);
  assert(waiting == 0);
#ifdef TERM
  assert(finished == 1);
  assert(cursor == end)
#else
  assert(cursor == count)
#endif
}
