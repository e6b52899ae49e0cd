/* Segments close when nothing can reach them any more, and never before: leases, closing, cut links, joining at the tail, reuse of arrays.
   Code: Segment (TryEnter, Enter, Leave, TryClose, Link, CutLink), SegmentList (LocateSlow, Reclaim, CreateNext, _spare),
   EventLog (JoinNext, Publish), Cursor (TryAdvanceSlow, TryFork, Close), SegmentRef.

   A segment holds one event, so a segment's number is its event's sequence number. An array has a number too: a later segment may take
   over the array of a closed one.
   Memory is TSO, as on x64. An event and its mark wait in the writer's buffer. Interlocked operations empty the buffer of their own
   thread. Allocation, cutting a link and lending an array are stores that the model makes visible at once: a thread that sees them
   later sees a segment that is closed all the same.

   Asserted: a writer's segment is open, and its array its own, when the mark becomes visible; a cursor reads the event that it
   expects; a closed segment was linked, was the oldest one, and held no lease; in the end every segment before the tail closes when a
   thread next looks. With -DPROMPT, that they have all closed without such a look; this holds only where no writer fills a hole late.

   Holds:
     -DNW=2 -DNE=1              two writers, one reader that joins at the tail
     -DNW=1 -DNE=3 -DPROMPT
     -DNW=1 -DNE=2 -DPOSITION   a position is held; one thread forks a cursor from it while another disposes it
     -DNW=2 -DNE=2 -DNO_READER  two writers of two events each

   Fails:
     -DNW=2 -DNE=1 -DNO_HOLE_LOOK          closing does not ask for the marks
     -DNW=1 -DNE=2 -DNO_CLOSE_CAS          closing asks for the leases first and closes later
     -DNW=1 -DNE=3 -DLEAVE_FIRST           a reader leaves its segment before it enters the next one
     -DNW=1 -DNE=2 -DJOIN_BLINDLY          a reader that joins enters the tail without asking whether it is closed
     -DNW=2 -DNE=1 -DTAIL_AFTER_CLAIM      a writer reads the tail after its claim
     -DNW=2 -DNE=2 -DNO_READER -DRESTART_AT_TAIL  a writer that meets a cut link goes on from the tail
     -DNW=2 -DNE=1 -DNO_TAIL_LEASE         the tail holds no lease
     -DNW=2 -DNE=1 -DMARK_TWICE            a mark is stored twice, as Span.Fill may do
     -DNW=1 -DNE=3 -DNO_CLEAR              the marks of a reused array are not cleared
     -DNW=1 -DNE=2 -DPOSITION -DFORK_BLINDLY  a fork enters the position's segment without asking whether it is closed
     -DNW=1 -DNE=3 -DPROMPT -DONE_CLOSE    a thread that has closed a segment does not look at the next one
     -DNW=1 -DNE=3 -DPROMPT -DNO_EXCHANGE  the new oldest segment is stored without a fence */
#ifndef NW
#define NW 1
#endif
#ifndef NE
#define NE 1
#endif
#define EVENTS (NW * NE)
#define SEGMENTS (EVENTS + 2)
#define NONE 255
/* Threads: the writers, then others. */
#define OTHER NW

byte claims;
byte tail;
byte oldest;
byte oldestBuffer[NW + 3] = NONE;
byte spare = NONE;

mtype = { Unlinked, Linked, Cut };
mtype link[SEGMENTS + 1] = Unlinked;
byte leases[SEGMENTS + 1];
bool closed[SEGMENTS + 1];
byte array[SEGMENTS + 1];

/* The arrays: whose each one is, and what it holds. */
byte arrays;
byte holder[SEGMENTS + 1];
byte event[SEGMENTS + 1];
bool mark[SEGMENTS + 1];

/* The writers' buffers: the segment whose event and mark are still to become visible. */
byte buffer[NW + 3] = NONE;

byte written;        /* how many writers have ended */
byte ended;          /* how many other threads have */
byte cursor = NONE;  /* the segment of the position's cursor */

/* A mark that is stored into an array which a later segment has taken over would publish a slot that has no claim. */
#define FLUSH_MARK(t) \
  assert(!closed[buffer[t]] && holder[array[buffer[t]]] == buffer[t]); \
  event[array[buffer[t]]] = buffer[t]; mark[array[buffer[t]]] = true; buffer[t] = NONE
#define FLUSH(t) \
  if :: buffer[t] != NONE -> FLUSH_MARK(t) :: else fi; \
  if :: oldestBuffer[t] != NONE -> oldest = oldestBuffer[t]; oldestBuffer[t] = NONE :: else fi
#define SEES_MARK(t, s) (mark[array[s]] || buffer[t] == s)
#define SEES_OLDEST(t) (oldestBuffer[t] != NONE -> oldestBuffer[t] : oldest)

active [NW + 3] proctype Buffer() {
  byte t;
  t = _pid;
endBuffers:
  do
  :: atomic { buffer[t] != NONE -> FLUSH_MARK(t) }
  :: atomic { buffer[t] == NONE && oldestBuffer[t] != NONE -> oldest = oldestBuffer[t]; oldestBuffer[t] = NONE }
  od
}

/* SegmentList.CreateNext, then Segment.Link. */
inline LinkNext(t, x) {
  lent = NONE;
  if
  :: spare != NONE -> atomic { FLUSH(t); lent = spare; spare = NONE }
  :: else
  fi;
  atomic {
    FLUSH(t);
    if
    :: link[x] == Unlinked ->
       link[x] = Linked;
#ifndef NO_TAIL_LEASE
       leases[x + 1] = 1;
#endif
       if :: lent == NONE -> lent = arrays; arrays++ :: else fi;
       array[x + 1] = lent;
       holder[lent] = x + 1;
#ifndef NO_CLEAR
       mark[lent] = false
#endif
    :: else
    fi
  }
}

/* SegmentList.Reclaim. */
inline Reclaim(t) {
  do
  :: o = SEES_OLDEST(t);
     if
     :: leases[o] != 0 || closed[o] -> break
     :: else
     fi;
#ifndef NO_HOLE_LOOK
     if
     :: !SEES_MARK(t, o) -> break
     :: else
     fi;
#endif
#ifdef NO_CLOSE_CAS
     atomic { FLUSH(t); isMine = !closed[o]; closed[o] = true };
#else
     atomic { FLUSH(t); isMine = (leases[o] == 0 && !closed[o]); if :: isMine -> closed[o] = true :: else fi };
#endif
     if
     :: !isMine -> break
     :: else
     fi;
     assert(link[o] == Linked && leases[o] == 0 && SEES_OLDEST(t) == o);
#ifdef NO_EXCHANGE
     oldestBuffer[t] == NONE -> oldestBuffer[t] = o + 1;
#else
     atomic { FLUSH(t); oldest = o + 1 };
#endif
     link[o] = Cut;
     spare = array[o];
#ifdef ONE_CLOSE
     break
#endif
  od
}

inline Leave(t, x) {
  atomic { FLUSH(t); assert(leases[x] > 0); leases[x]--; isLast = (leases[x] == 0) };
  if :: isLast -> Reclaim(t) :: else fi
}

proctype Writer(byte t) {
  byte e; byte s; byte g; byte o; byte lent; mtype found; bool isMine; bool isLast;
  do
  :: e < NE ->
     e++;
#ifdef TAIL_AFTER_CLAIM
     atomic { FLUSH(t); s = claims; claims++ };
     g = tail;
#else
     g = tail;
     atomic { FLUSH(t); s = claims; claims++ };
#endif
     /* LocateSlow */
     do
     :: g == s -> break
     :: else ->
        assert(g < s);
        found = link[g];
        if
        :: found == Unlinked -> LinkNext(t, g); found = link[g]
        :: else
        fi;
        if
        :: found == Cut ->
#ifdef RESTART_AT_TAIL
           g = tail
#else
           g = SEES_OLDEST(t)
#endif
        :: else ->
           atomic { FLUSH(t); isMine = (tail == g); if :: isMine -> tail = g + 1 :: else fi };
           if :: isMine -> Leave(t, g) :: else fi;
           g = g + 1
        fi
     od;
     assert(!closed[s]);
     buffer[t] = s;
#ifdef MARK_TWICE
     buffer[t] == NONE -> buffer[t] = s;
#endif
     if :: s != tail -> Reclaim(t) :: else fi
  :: else -> break
  od;
  atomic { FLUSH(t); written++ }
}

/* Reads from segment g on until the writers have ended; q is the next sequence number. */
inline ReadOn(t) {
  do
  :: q > g ->
     found = link[g];
     if
     :: found == Unlinked ->
        if
        :: claims == g + 1 -> LinkNext(t, g)    /* PrepareNext */
        :: else
        fi;
        if
        :: link[g] != Unlinked
        :: written == NW && link[g] == Unlinked -> break
        fi
     :: else ->
        assert(found == Linked);
#ifdef LEAVE_FIRST
        Leave(t, g);
        atomic { isMine = !closed[g + 1]; if :: isMine -> leases[g + 1]++ :: else fi };
        assert(isMine);
#else
        atomic { isMine = !closed[g + 1]; if :: isMine -> leases[g + 1]++ :: else fi };
        assert(isMine);
        Leave(t, g);
#endif
        g = g + 1
     fi
  :: q == g ->
     if
     :: mark[array[g]] -> assert(!closed[g] && event[array[g]] == q); q++
     :: written == NW && !mark[array[g]] -> break
     fi
  od;
  Leave(t, g)
}

inline Enter(x, blindly) {
  atomic { isMine = blindly || !closed[x]; if :: isMine -> leases[x]++ :: else fi }
}

/* EventLog.JoinNext. */
inline Join() {
  do
  :: g = tail;
#ifdef JOIN_BLINDLY
     Enter(g, true);
#else
     Enter(g, false);
#endif
     if :: isMine -> break :: else fi
  od;
  q = claims;
  assert(q >= g)
}

proctype Reader(byte t) {
  byte q; byte g; byte o; byte lent; mtype found; bool isMine; bool isLast;
  Join();
  ReadOn(t);
  ended++
}

/* A position, which a Disposer disposes while a Forker forks a cursor from it. */
byte positionSequence = NONE;

proctype Position(byte t) {
  byte q; byte g; bool isMine;
  Join();
  positionSequence = q;
  cursor = g
}

proctype Forker(byte t) {
  byte q; byte g; byte o; byte lent; mtype found; bool isMine; bool isLast;
  positionSequence != NONE;
  g = cursor;
  if
  :: g != NONE ->
#ifdef FORK_BLINDLY
     Enter(g, true);
#else
     Enter(g, false);
#endif
     q = positionSequence;
     if :: isMine -> ReadOn(t) :: else fi
  :: else
  fi;
  ended++
}

proctype Disposer(byte t) {
  byte g; byte o; bool isMine; bool isLast;
  atomic { cursor != NONE -> g = cursor; cursor = NONE };
  Leave(t, g);
  ended++
}

proctype Checker(byte threads) {
  byte o; bool isMine;
  written == NW && ended == threads;
#ifndef PROMPT
  Reclaim(OTHER);
#endif
  (oldestBuffer[0] == NONE && oldestBuffer[1] == NONE);
  assert(oldest == tail && leases[tail] == 1)
}

init {
  atomic {
    leases[0] = 1; array[0] = 0; holder[0] = 0; arrays = 1;
    run Writer(0);
#if NW > 1
    run Writer(1);
#endif
#if NW > 2
    run Writer(2);
#endif
#ifdef NO_READER
    run Checker(0)
#else
#ifdef POSITION
    run Position(OTHER);
    run Forker(OTHER + 1);
    run Disposer(OTHER + 2);
    run Checker(2)
#else
    run Reader(OTHER + 1);
    run Checker(1)
#endif
#endif
  }
}
