"""P12: a thousand sessions on two workers, and who waits for whom."""

from frame.check import Check
from frame.crowd import Crowd, quantile, unevenness
from frame.row import Row

ALL = tuple(f"crowd {number}" for number in range(1, 5))  # 250 sessions each
FAIR = 10  # times
SOON = 1_000_000  # us; a session that waited for the slow call would wait ten times as long
SLOW = 10_000  # ms

ALONE = "polyloom, one session by itself, p50"
SELDOM = "polyloom, one session by itself, a call every 20 ms, p50"
ONE_CALL = "polyloom, 1,000 sessions, one call each within 2 s, p99"
AT_ONCE_MIDDLE = "polyloom, 1,000 sessions, one call each at once, p50"
AT_ONCE = "polyloom, 1,000 sessions, one call each at once, p99"
STEADY = "polyloom, 1,000 sessions, always in a call, p99 over p50 of one session, median"
UNEVEN = "polyloom, the same, 99 of 100 sessions"
BESIDE = "polyloom, beside calls of 10 s, longest wait"

ROW = Row(
    id="P12",
    title="1,000 sessions of 4 clients on 2 workers",
    tasks={
        ALONE: Crowd(ALL[:1], "alone", quantile(0.5), 500),
        SELDOM: Crowd(ALL[:1], "seldom", quantile(0.5), 100),
        ONE_CALL: Crowd(ALL, "spread", quantile(0.99)),
        AT_ONCE_MIDDLE: Crowd(ALL, "at once", quantile(0.5)),
        AT_ONCE: Crowd(ALL, "at once", quantile(0.99)),
        STEADY: Crowd(ALL, "steady", unevenness(0.5), 100, unit="x"),
        UNEVEN: Crowd(ALL, "steady", unevenness(0.99), 100, unit="x"),
        BESIDE: Crowd(ALL, "beside a slow call", quantile(1), SLOW),
    },
    checks=(
        Check("p99 of 1,000 sessions, one call each within 2 s, over p50 of one", (ONE_CALL,), "<=", FAIR, (ALONE,)),
        Check("the same, over p50 of one that calls as seldom", (ONE_CALL,), "<=", FAIR, (SELDOM,)),
        Check("p99 over p50, one call each at once", (AT_ONCE,), "<=", FAIR, (AT_ONCE_MIDDLE,)),
        Check("p99 over p50 of one session, always in a call, 99 of 100 sessions", (UNEVEN,), "<=", FAIR),
        Check("longest wait beside a call of 10 s on each worker", (BESIDE,), "<=", SOON, unit="us"),
    ),
    rounds=3,
)
