/* What keeps the newest events reachable for bounded cursors, which hold no lease: the window, a lease that moves forward.
   Code: RetainedWindow (AddBound, ReachBack, MoveForward), WindowState, Cursor (SetBound, KeepUp, TryAdvanceUnleased, TryReach),
   EventLog (OpenWindow, MoveWindow).

   A segment holds one event, so a segment's number is its event's sequence number. Leases are as in leases.pml, but sequentially
   consistent: every store that matters here is an interlocked operation or made under a lock, except the greatest bound and the
   window's segment, which are stored with release before an interlocked operation of the same thread.
   One subscriber joins at the tail, and holds a lease until its bound counts. With -DOPEN, the window is open already for another
   cursor, whose bound is 1.

   Asserted: a bounded cursor that lags no further than its bound reads the next event; in the end the window keeps as much as the
   greatest bound and no more than that.

   Holds:
     -DNE=3 -DBOUND=2               one writer, one bounded cursor
     -DNE=4 -DBOUND=2 -DOPEN
     -DNW=2 -DNE=2 -DBOUND=2 -DOPEN -DNO_SUBSCRIBER   two writers move the window

   Fails:
     -DNE=4 -DBOUND=2 -DOPEN -DNO_REACH_BACK   a bounded cursor that joins does not move the window back
     -DNE=4 -DBOUND=2 -DOPEN -DBOUND_LAST      its bound counts only after it has moved the window back
     -DNE=4 -DBOUND=2 -DOPEN -DLEAVE_EARLY     it gives its lease back before its bound counts
     -DNW=2 -DNE=2 -DOPEN -DNO_SUBSCRIBER -DNO_LOOK_AGAIN  a thread that has moved the window does not look again */
#ifndef NW
#define NW 1
#endif
#ifndef NE
#define NE 3
#endif
#ifndef BOUND
#define BOUND 2
#endif
#define EVENTS (NW * NE)
#define NONE 255

byte claims;
byte tail;
byte oldest;
bool mark[EVENTS + 2];
byte leases[EVENTS + 2];
bool closed[EVENTS + 2];
bool linked[EVENTS + 2];

byte window = NONE;
bool isMoving;
byte bound;
byte written;
byte ended;

inline Reclaim() {
  do
  :: atomic {
       isMine = (leases[oldest] == 0 && !closed[oldest] && mark[oldest]);
       if :: isMine -> assert(linked[oldest]); closed[oldest] = true; oldest++ :: else fi
     };
     if :: !isMine -> break :: else fi
  od
}

inline Leave(x) {
  atomic { assert(leases[x] > 0); leases[x]--; isLast = (leases[x] == 0) };
  if :: isLast -> Reclaim() :: else fi
}

/* RetainedWindow.MoveForward. NeededFrom is the number claimed, less the bound. */
inline MoveForward() {
  do
  :: window == NONE -> break
  :: else ->
     atomic { isMine = !isMoving; isMoving = true };
     if :: !isMine -> break :: else fi;
     w = window;
     needed = claims;
     needed = (needed > bound -> needed - bound : 0);
     do
     :: needed >= w + 1 && linked[w] ->
        assert(!closed[w + 1]);
        leases[w + 1]++;
        window = w + 1;
        Leave(w);
        w++
     :: else -> break
     od;
     isMoving = false;
#ifdef NO_LOOK_AGAIN
     break
#else
     if
     :: !linked[w] -> break
     :: else -> if :: claims - bound < w + 1 -> break :: else fi
     fi
#endif
  od
}

proctype Writer() {
  byte e; byte s; byte g; byte w; byte needed; bool isMine; bool isLast;
  do
  :: e < NE ->
     e++;
     g = tail;
     atomic { s = claims; claims++ };
     do
     :: g == s -> break
     :: else ->
        if
        :: closed[g] -> g = oldest
        :: else ->
           atomic { if :: !linked[g] -> linked[g] = true; leases[g + 1] = 1 :: else fi };
           atomic { isMine = (tail == g); if :: isMine -> tail = g + 1 :: else fi };
           if :: isMine -> Leave(g); MoveForward() :: else fi;
           g++
        fi
     od;
     assert(!closed[s]);
     mark[s] = true;
     if :: s != tail -> Reclaim() :: else fi
  :: else -> break
  od;
  written++
}

inline JoinNext() {
  do
  :: g = tail;
     atomic { isMine = !closed[g]; if :: isMine -> leases[g]++ :: else fi };
     if :: isMine -> break :: else fi
  od;
  q = claims
}

/* EventLog.OpenWindow: takes over a second lease on the tail. */
inline OpenWindow() {
  if
  :: window == NONE ->
     do
     :: start = tail;
        atomic { isMine = !closed[start]; if :: isMine -> leases[start]++ :: else fi };
        if :: isMine -> break :: else fi
     od;
     atomic { isMine = (window == NONE); if :: isMine -> window = start :: else fi };
     if :: !isMine -> Leave(start) :: else fi
  :: else
  fi
}

inline AddBound(b) { atomic { if :: b > bound -> bound = b :: else fi } }

/* RetainedWindow.ReachBack, to a segment on which the caller holds a lease. */
inline ReachBack(x) {
  atomic { !isMoving -> isMoving = true };
  w = window;
  if
  :: x < w -> leases[x]++; window = x; Leave(w)
  :: else
  fi;
  isMoving = false;
  MoveForward()
}

/* Cursor.SetBound. */
inline SetBound(b) {
  OpenWindow();
#ifdef LEAVE_EARLY
  Leave(g);
  AddBound(b)
#else
#ifndef BOUND_LAST
  AddBound(b);
#endif
#ifndef NO_REACH_BACK
  ReachBack(g);
#endif
#ifdef BOUND_LAST
  AddBound(b);
#endif
  Leave(g)
#endif
}

proctype Subscriber(byte b) {
  byte q; byte g; byte w; byte start; byte needed; byte lag; bool isMine; bool isLast;
  JoinNext();
  SetBound(b);
  do
  :: /* KeepUp */
     lag = claims;
     if :: lag > q && lag - q > b -> q = lag - b :: else fi;
     /* TryAdvanceUnleased */
     do
     :: q >= g + 1 ->
        if
        :: closed[g] ->
           start = window;
           if
           :: start > q ->
              lag = claims;
              if :: lag > q && lag - q > b -> q = lag - b :: else fi;
              assert(start <= q)
           :: else
           fi;
           g = start
        :: !closed[g] && linked[g] -> g++
        :: !closed[g] && !linked[g] -> if :: linked[g] :: closed[g] :: written == NW && !linked[g] -> goto done fi
        fi
     :: else -> break
     od;
     if
     :: q == g && mark[q] -> q++
     :: q != g -> skip
     :: q == g && !mark[q] -> if :: mark[q] :: written == NW && !mark[q] -> goto done fi
     fi
  od;
done:
  ended++
}

proctype Checker(byte threads) {
  byte w; byte needed; bool isMine; bool isLast;
  written == NW && ended == threads;
  assert(!closed[window]);
  assert(window >= tail || claims - bound < window + 1)
}

init {
  atomic {
    leases[0] = 1;
#ifdef OPEN
    leases[0] = 2; window = 0; bound = 1;
#endif
    run Writer();
#if NW > 1
    run Writer();
#endif
#ifdef NO_SUBSCRIBER
    run Checker(0)
#else
    run Subscriber(BOUND);
    run Checker(1)
#endif
  }
}
