/* A reader's one wait, used again and again: no wait stays pending while there is something to read.
   Code: EventReader.Wait (Start, Wake, TryParkAgain, Cancel, GetResult), ReaderWaitState, Waiter, ParkingLot.IsReadyWhileParked.

   An event after a hole wakes the reader with nothing to read yet. The thread that woke it puts the entry back. Then the wait may be
   over, and the reader's owner may have begun the next wait, with the same entry.
   Memory is TSO, as on x64. Marks, and the entry's owner, are stored plainly and wait in their thread's buffer. Interlocked operations
   empty the buffer of their own thread; a process-wide barrier empties every buffer.
   A lost wake-up is a wait that never ends: spin reports an invalid end state. A wait may end with nothing to read, which a channel's
   readers must expect too; -DSTRICT asserts that it does not, and fails.

   Holds:
     -DNW=2                     two writers of one event each
     -DNW=2 -DCANCEL            and a thread that cancels one wait
     -DNW=2 -DDISPOSE           and a thread that disposes the reader while it waits

   Fails:
     -DNW=2 -DNO_LOOK           the owner does not look again after its push
     -DNW=2 -DNO_PARK_AGAIN     the waking thread leaves the entry off the stack when there is nothing to read
     -DNW=2 -DNO_LOOK_AGAIN     it puts the entry back and does not look again
     -DNW=2 -DCANCEL -DNO_SECOND_PUSH  it forgets the owner because the wait was over, and does not see that the next one has begun
     -DNW=2 -DCANCEL -DNO_FENCE        it looks for the next wait before its forgetting the owner is visible
     -DNW=2 -DNO_BARRIER        a claimed slot is looked at without the process-wide barrier
     -DNW=2 -DNO_ABANDON -DDISPOSE   the thread that disposes leaves the wait pending */
#ifndef NW
#define NW 2
#endif
#define NONE 255
/* Threads: the writers, then the reader's owner, then the thread that cancels or disposes. */
#define OWNER NW
#define OTHER (NW + 1)

byte claims;
bool mark[NW + 1];
byte markBuffer[NW + 2] = NONE;

/* The stack holds at most this reader's entry. */
bool onStack;
bool armed;
mtype = { Unset, Set, Cleared };
bool owned;                            /* Waiter._owner is set, in memory */
mtype ownedBuffer[NW + 2] = Unset;

mtype = { Idle, Pending, Ended };
mtype state = Idle;
mtype = { None, Woken, Failed };
mtype result = None;
byte next;                             /* the reader's place */
bool isRegistered; bool inCallback;    /* of the cancellation */
bool over;

#define SEES_MARK(t, s) (mark[s] || markBuffer[t] == s)
#define SEES_OWNED(t) (ownedBuffer[t] == Set || (ownedBuffer[t] == Unset && owned))
/* A writer stores its mark before anything about the owner. */
#define FLUSH(t) \
  if :: markBuffer[t] != NONE -> mark[markBuffer[t]] = true; markBuffer[t] = NONE :: else fi; \
  if :: ownedBuffer[t] != Unset -> owned = (ownedBuffer[t] == Set); ownedBuffer[t] = Unset :: else fi

active [NW + 2] proctype Buffer() {
  byte t;
  t = _pid;
endBuffers:
  do
  :: atomic { markBuffer[t] != NONE -> mark[markBuffer[t]] = true; markBuffer[t] = NONE }
  :: atomic { markBuffer[t] == NONE && ownedBuffer[t] != Unset -> owned = (ownedBuffer[t] == Set); ownedBuffer[t] = Unset }
  od
}

inline LookWhileParked(t) {
  at = next;
  ready = at < NW && SEES_MARK(t, at);
  if
  :: !ready && claims > at ->
#ifndef NO_BARRIER
     d_step {
       i = 0;
       do
       :: i < NW + 2 -> FLUSH(i); i++
       :: else -> break
       od;
       i = 0
     };
#endif
     at = next;
     ready = at < NW && SEES_MARK(t, at)
  :: else
  fi
}

/* The owner's store may wait in the buffer; the exchange empties it. */
inline Push(t) {
  d_step { FLUSH(t); owned = true; isFirst = !armed; armed = true };
  if :: isFirst -> d_step { FLUSH(t); onStack = true } :: else fi
}

/* TryParkAgain: tells in ready whether there is something to read. */
inline ParkAgain(t) {
  Push(t);
  if
  :: state == Pending
  :: else ->
     ownedBuffer[t] = Cleared;
#ifndef NO_FENCE
     d_step { FLUSH(t) };
#endif
#ifndef NO_SECOND_PUSH
     if
     :: state == Pending -> Push(t)
     :: else
     fi
#endif
  fi;
#ifdef NO_LOOK_AGAIN
  ready = false
#else
  LookWhileParked(t)
#endif
}

inline Wake(t) {
  goOn = true;
  if
  :: state == Pending ->
     LookWhileParked(t);
     if
     :: !ready ->
#ifdef NO_PARK_AGAIN
        goOn = false
#else
        ParkAgain(t);
        goOn = ready
#endif
     :: else
     fi
  :: else
  fi;
  if
  :: goOn ->
     d_step { FLUSH(t); isMine = (state == Pending); if :: isMine -> state = Idle :: else fi };
     if
     :: isMine -> ownedBuffer[t] = Cleared; d_step { FLUSH(t); result = Woken }   /* SetResult is a full fence */
     :: else
     fi
  :: else
  fi
}

inline WakeAll(t) {
  if
  :: onStack ->
     d_step { FLUSH(t); isTaken = onStack; onStack = false };
     if
     :: isTaken ->
        d_step { FLUSH(t); armed = false };
        if :: SEES_OWNED(t) -> Wake(t) :: else fi
     :: else
     fi
  :: else
  fi
}

proctype Writer(byte t) {
  byte s; byte at; byte i; bool ready; bool isFirst; bool goOn; bool isMine; bool isTaken;
  d_step { FLUSH(t); s = claims; claims++ };
  markBuffer[t] = s;
  WakeAll(t)
}

proctype Owner() {
  byte at; byte i; bool ready; bool isFirst; bool goOn; bool isMine; bool isTaken;
  do
  :: next == NW || state == Ended -> break
  :: next < NW && mark[next] -> next++
  :: next < NW && !mark[next] ->
     result = None;
     d_step { FLUSH(OWNER); isMine = (state == Idle); if :: isMine -> state = Pending :: else fi };
     if :: !isMine -> break :: else fi;
     Push(OWNER);
#ifndef NO_LOOK
     LookWhileParked(OWNER);
     if :: ready -> WakeAll(OWNER) :: else fi;
#endif
     isRegistered = true;
     result != None;
     atomic { !inCallback -> isRegistered = false };
#ifdef STRICT
     assert(result != Woken || mark[next] || SEES_MARK(OWNER, next))
#endif
  od;
  over = true
}

proctype Canceller() {
  bool isMine;
  if
  :: atomic { isRegistered -> inCallback = true };
     d_step { isMine = (state == Pending); if :: isMine -> state = Idle :: else fi };
     if :: isMine -> ownedBuffer[OTHER] = Cleared; d_step { FLUSH(OTHER); result = Failed } :: else fi;
     inCallback = false
  :: over
  fi
}

/* Dispose, while nothing but a wait may be pending. */
proctype Disposer() {
  bool isMine;
  if
  :: atomic { state == Pending -> isMine = true; state = Ended };
     ownedBuffer[OTHER] = Cleared;
#ifndef NO_ABANDON
     d_step { FLUSH(OTHER); result = Failed }
#endif
  :: over
  fi
}

init {
  atomic {
    run Writer(0);
    run Writer(1);
#if NW > 2
    run Writer(2);
#endif
    run Owner();
#ifdef CANCEL
    run Canceller();
#endif
#ifdef DISPOSE
    run Disposer()
#endif
  }
}
