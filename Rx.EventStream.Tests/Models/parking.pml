/* No pump stays parked while an event is ready: park, publish, wake, sweep.
   Code: ParkingLot (AnnounceWaiters, Push, IsReadyWhileParked, WakeReaders), WaiterStack (TakeAll, WakeAll, Sweep),
   Waiter (Arm, Take), PumpState, Pump (RunBatch, ParkOwned), EventLog.TryAppend.

   Memory is TSO, as on x64. A mark is stored plainly and waits in its writer's buffer. Interlocked operations empty the buffer of
   their own thread. A process-wide barrier empties every buffer. The buffer has one entry: a writer that stores a second mark waits
   until the first one is visible.
   Two threads run each pump in turn, so that a pump can be woken, and can run, while the thread that parked it still looks.
   A lost wake-up is a pump that waits for ever: spin reports an invalid end state.

   Holds:
     -DNW=2 -DNR=1              two writers of one event each, one pump
     -DNW=2 -DNR=1 -DSWEEP      and a thread that sweeps the stack
     -DNW=1 -DNR=2              two pumps
     -DSINGLE -DNE=2 -DNR=1     a single writer
     -DSINGLE -DNE=1 -DNR=2

   Fails:
     -DNW=2 -DNR=1 -DNO_LOOK               a pump that has parked does not look again
     -DNW=2 -DNR=1 -DNO_BARRIER            it looks at a claimed slot without the process-wide barrier
     -DNW=2 -DNR=1 -DWAKE_FIRST            a waker notes that it took the entry after it has woken the pump, not before
     -DSINGLE -DNR=1 -DNO_ANNOUNCE_BARRIER the first pump parks without the barrier after HasWaiters
     -DSINGLE -DNR=2 -DONE_FLAG            the second pump relies on HasWaiters, although the first one's barrier may still come
     -DNW=1 -DNR=1 -DNO_FLAG               a writer never looks at the stack
     -DSINGLE -DNE=1 -DNR=1 -DNO_FENCE     a single writer looks at the stack without a fence
     -DNW=2 -DNR=1 -DSWEEP -DNO_SWEEP_LOOK a sweep does not look again after it has put the entries back */
#ifndef NW
#define NW 1
#endif
#ifndef NE
#define NE 1
#endif
#ifndef NR
#define NR 1
#endif
#define EVENTS (NW * NE)
#define NONE 255
#define SWEEPER NW

/* The log: how many sequence numbers are claimed; the marks in memory; each writer's store buffer. */
byte claims;
bool mark[EVENTS + 1];
byte buffer[NW + 1] = NONE;

/* The flags of PublishFlagWord: set by interlocked operations. */
bool hasWaiters;
bool waitersAnnounced;

/* The stack, as a set of pumps; and Waiter._isOnStack of each. */
byte stack;
bool armed[NR];

/* The pumps. */
mtype = { Scheduled, Running, Parked, Ended };
mtype state[NR];
byte next[NR];

#define SEES_MARK(t, s) (mark[s] || buffer[t] == s)
#define FLUSH(t) if :: buffer[t] != NONE -> mark[buffer[t]] = true; buffer[t] = NONE :: else fi
#define BIT(r) (1 << (r))

/* A mark becomes visible by itself at any time. */
active [NW] proctype Buffer() {
  byte t;
  t = _pid;
endBuffers:
  do
  :: atomic { buffer[t] != NONE -> mark[buffer[t]] = true; buffer[t] = NONE }
  od
}

inline BarrierProcessWide() {
  d_step {
    i = 0;
    do
    :: i < NW -> if :: buffer[i] != NONE -> mark[buffer[i]] = true; buffer[i] = NONE :: else fi; i++
    :: else -> break
    od;
    i = 0
  }
}

/* WaiterStack.TakeAll and WakeChain, by thread t. */
inline WakeAll(t) {
  if
  :: stack != 0 -> d_step { FLUSH(t); taken = stack; stack = 0 }
  :: else
  fi;
  do
  :: taken & 1 -> taken = taken & ~1; WakeOne(t, 0)
#if NR > 1
  :: taken & 2 -> taken = taken & ~2; WakeOne(t, 1)
#endif
  :: taken == 0 -> break
  od
}

/* Waiter.Take, then Pump.Wake. */
inline WakeOne(t, r) {
#ifdef WAKE_FIRST
  d_step { FLUSH(t); if :: state[r] == Parked -> state[r] = Scheduled :: else fi };
  d_step { FLUSH(t); armed[r] = false }
#else
  d_step { FLUSH(t); armed[r] = false };
  d_step { FLUSH(t); if :: state[r] == Parked -> state[r] = Scheduled :: else fi }
#endif
}

/* ParkingLot.IsReadyWhileParked of pump r, by thread t. */
inline LookWhileParked(t, r) {
  at = next[r];
  ready = SEES_MARK(t, next[r]);
#ifndef SINGLE
  if
  :: !ready && claims > at ->
#ifndef NO_BARRIER
     BarrierProcessWide();
#endif
     ready = SEES_MARK(t, next[r])
  :: else
  fi
#endif
}

proctype Writer(byte t) {
  byte e; byte s; byte taken;
  do
  :: e < NE ->
     e++;
#ifdef SINGLE
     atomic { buffer[t] == NONE -> buffer[t] = claims; claims++ };   /* the mark, then the count */
#else
     d_step { FLUSH(t); s = claims; claims++ };
     buffer[t] = s;
#endif
#ifndef NO_FLAG
     if
     :: hasWaiters ->
#if defined(SINGLE) && !defined(NO_FENCE)
        d_step { FLUSH(t) };
#endif
        WakeAll(t)
     :: else
     fi
#endif
  :: else -> break
  od
}

/* A thread of pump r's scheduler. Its own buffer is of no interest: the pump stores no marks. */
proctype Runner(byte r) {
  byte taken; byte at; byte i; bool ready; bool isFirst;
  do
  :: atomic { state[r] == Scheduled -> state[r] = Running };
     do
     :: next[r] < EVENTS && mark[next[r]] -> next[r]++
     :: next[r] == EVENTS -> state[r] = Ended; goto done
     :: next[r] < EVENTS && !mark[next[r]] -> break
     od;
     state[r] = Parked;
     d_step { isFirst = !armed[r]; armed[r] = true };
     if :: isFirst -> stack = stack | BIT(r) :: else fi;
#ifndef NO_LOOK
     LookWhileParked(NW, r);
     if :: ready -> WakeAll(NW) :: else fi;
#endif
     skip
  :: state[r] == Ended -> break
  od;
done:
  skip
}

/* Pump.Start: announces, then looks, and schedules the pump. */
proctype Pump(byte r) {
  byte i;
  if
#ifdef ONE_FLAG
  :: hasWaiters
#else
  :: waitersAnnounced
#endif
  :: else ->
     hasWaiters = true;
#ifndef NO_ANNOUNCE_BARRIER
     BarrierProcessWide();
#endif
     waitersAnnounced = true
  fi;
  state[r] = Scheduled;
  run Runner(r);
  run Runner(r)
}

/* WaiterStack.Sweep. */
proctype Sweeper() {
  byte taken; byte at; byte i; byte kept; byte chain; bool ready;
  if
  :: stack != 0 -> d_step { chain = stack; stack = 0 }
  :: else
  fi;
  do
  :: chain & 1 ->
     chain = chain & ~1;
     LookWhileParked(SWEEPER, 0);
     if :: ready -> WakeOne(SWEEPER, 0) :: else -> kept = kept | 1 fi
#if NR > 1
  :: chain & 2 ->
     chain = chain & ~2;
     LookWhileParked(SWEEPER, 1);
     if :: ready -> WakeOne(SWEEPER, 1) :: else -> kept = kept | 2 fi
#endif
  :: chain == 0 -> break
  od;
  if
  :: kept != 0 ->
     stack = stack | kept;
     BarrierProcessWide();
#ifndef NO_SWEEP_LOOK
     do
     :: kept & 1 -> kept = kept & ~1; LookWhileParked(SWEEPER, 0); if :: ready -> WakeAll(SWEEPER); break :: else fi
#if NR > 1
     :: kept & 2 -> kept = kept & ~2; LookWhileParked(SWEEPER, 1); if :: ready -> WakeAll(SWEEPER); break :: else fi
#endif
     :: kept == 0 -> break
     od
#endif
  :: else
  fi
}

init {
  atomic {
    run Writer(0);
#if NW > 1
    run Writer(1);
#endif
    run Pump(0);
#if NR > 1
    run Pump(1);
#endif
#ifdef SWEEP
    run Sweeper()
#endif
  }
}
