/* No caller waits for progress that has been made: WhenCaughtUpAsync, and publishers that LagPolicy.Wait holds back.
   Code: ProgressWait (Park, Wake, Cancel), ParkingLot (Push, NotifyProgress, Abandon), WaiterStack (TakeAll, Sweep), Waiter.

   A subscriber that moves stores its place plainly and looks at the stack without a fence. A caller that waits pushes its entry,
   issues a process-wide barrier and then looks at the places. So each of two threads that race sees the other.
   Memory is TSO, as on x64. A place waits in its mover's buffer. Interlocked operations empty the buffer of their own thread; the
   barrier empties every buffer.
   Caller w waits until every mover has made w + 1 moves. The thread that moves takes all entries, wakes the callers whose wait is over, and
   puts the others back. A lost wake-up is a caller that waits for ever: spin reports an invalid end state.

   Holds:
     -DNM=2 -DNC=1 -DMOVES=1            two movers, one caller
     -DNM=1 -DNC=2 -DMOVES=2            one mover, two callers that wait for different places
     -DNM=1 -DNC=2 -DMOVES=2 -DSWEEP    and a thread that sweeps the stack
     -DNM=2 -DNC=1 -DMOVES=1 -DSWEEP
     -DNM=1 -DNC=2 -DMOVES=2 -DCANCEL   the first caller's wait is cancelled, and its entry swept away

   Fails:
     -DNM=1 -DNC=1 -DMOVES=1 -DNO_LOOK                  a caller does not look again after its push
     -DNM=1 -DNC=1 -DMOVES=1 -DNO_BARRIER               it looks with its own fence alone
     -DNM=1 -DNC=1 -DMOVES=2 -DNO_NOTIFY                a subscriber moves and does not look at the stack
     -DNM=2 -DNC=1 -DMOVES=1 -DNO_PUT_BACK              an entry whose wait is not over is not put back
     -DNM=1 -DNC=1 -DMOVES=1 -DSWEEP -DNO_SWEEP_BARRIER a sweep puts the entries back and looks without a barrier
     -DNM=1 -DNC=1 -DMOVES=1 -DSWEEP -DNO_SWEEP_LOOK    a sweep does not look again */
#ifndef NM
#define NM 1
#endif
#ifndef NC
#define NC 1
#endif
#ifndef MOVES
#define MOVES 1
#endif
/* Threads: the movers first. The others store nothing plainly. */
#define OTHER NM

/* Places as their movers see them, and as memory has them. */
byte moved[NM + 1];
byte place[NM + 1];

bool hasProgressWaiters;
byte stack;
bool armed[NC];
bool owned[NC];      /* Waiter._owner is set */
bool isDone[NC];     /* the task has completed */

#define FLUSH(t) place[t] = moved[t]
#define BIT(w) (1 << (w))

active [NM] proctype Buffer() {
  byte t;
  t = _pid;
endBuffers:
  do
  :: atomic { place[t] != moved[t] -> FLUSH(t) }
  od
}

inline BarrierProcessWide() {
  d_step {
    i = 0;
    do
    :: i < NM -> FLUSH(i); i++
    :: else -> break
    od;
    i = 0
  }
}

/* The predicate of caller w, by thread t. Places only grow, so asking all at one moment is the same as asking one after the other. */
inline AskIsDone(t, w) {
  d_step {
    ready = true;
    i = 0;
    do
    :: i < NM -> if :: (i == t -> moved[i] : place[i]) < w + 1 -> ready = false :: else fi; i++
    :: else -> break
    od;
    i = 0
  }
}

/* ProgressWait.Park of caller w, by thread t. */
inline Park(t, w) {
  if
  :: isDone[w]
  :: else ->
     AskIsDone(t, w);
     if
     :: ready -> isDone[w] = true
     :: else ->
        if :: !hasProgressWaiters -> d_step { FLUSH(t); hasProgressWaiters = true } :: else fi;
        d_step { FLUSH(t); owned[w] = true; isFirst = !armed[w]; armed[w] = true };
        if :: isFirst -> d_step { FLUSH(t); stack = stack | BIT(w) } :: else fi;
#ifndef NO_BARRIER
        BarrierProcessWide();
#endif
#ifndef NO_LOOK
        AskIsDone(t, w);
        if :: ready -> owned[w] = false; isDone[w] = true :: else fi
#endif
     fi
  fi
}

inline WakeOne(t, w) {
  d_step { FLUSH(t); armed[w] = false };
  if
  :: owned[w] -> Park(t, w)
  :: else
  fi
}

/* WaiterStack.Sweep: keeps the entries whose owner is not ready. */
inline Sweep(t) {
  again = true;
  do
  :: again ->
     again = false;
     if
     :: stack != 0 -> d_step { FLUSH(t); chain = stack; stack = 0 }
     :: else
     fi;
     do
     :: chain & 1 -> chain = chain & ~1; SweepOne(t, 0)
#if NC > 1
     :: chain & 2 -> chain = chain & ~2; SweepOne(t, 1)
#endif
     :: chain == 0 -> break
     od;
#ifdef NO_PUT_BACK
     kept = 0;
#endif
     if
     :: kept != 0 ->
        d_step { FLUSH(t); stack = stack | kept };
#ifndef NO_SWEEP_BARRIER
        BarrierProcessWide();
#endif
#ifndef NO_SWEEP_LOOK
        do
        :: kept & 1 -> kept = kept & ~1; LookAfterSweep(t, 0)
#if NC > 1
        :: kept & 2 -> kept = kept & ~2; LookAfterSweep(t, 1)
#endif
        :: kept == 0 -> break
        od
#else
        kept = 0
#endif
     :: else
     fi
  :: else -> break
  od
}

inline SweepOne(t, w) {
  AskIsDone(t, w);
  if
  :: owned[w] && !(isDone[w] || ready) -> kept = kept | BIT(w)
  :: else -> WakeOne(t, w)
  fi
}

inline LookAfterSweep(t, w) {
  AskIsDone(t, w);
  if
  :: isDone[w] || ready -> again = true
  :: else
  fi
}

proctype Mover(byte t) {
  byte i; byte kept; byte chain; bool ready; bool isFirst; bool again;
  do
  :: moved[t] < MOVES ->
     moved[t]++;
#ifndef NO_NOTIFY
     if :: hasProgressWaiters && stack != 0 -> Sweep(t) :: else fi
#endif
  :: else -> break
  od
}

proctype Caller(byte w) {
  byte i; bool ready; bool isFirst;
  Park(OTHER, w);
  isDone[w]
}

proctype Sweeper() {
  byte i; byte kept; byte chain; bool ready; bool isFirst; bool again;
  Sweep(OTHER)
}

/* ProgressWait.Cancel of caller 0, and a sweep, as if it were the one of many. */
proctype Canceller() {
  byte i; byte kept; byte chain; bool ready; bool isFirst; bool again;
  isDone[0] = true;
  owned[0] = false;
  Sweep(OTHER)
}

init {
  atomic {
    run Mover(0);
#if NM > 1
    run Mover(1);
#endif
    run Caller(0);
#if NC > 1
    run Caller(1);
#endif
#ifdef SWEEP
    run Sweeper();
#endif
#ifdef CANCEL
    run Canceller()
#endif
  }
}
