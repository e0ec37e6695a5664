"""What a durable session has done, kept in Redis (§15): its log, who may write it, and what must not be done twice."""

from polyloom.journal.difference import difference
from polyloom.journal.log import Journal, Outcome, Owner, Recorded, moved
from polyloom.journal.refusals import forgotten, in_use, lost_object, script_changed, unknown_outcome
from polyloom.journal.replay import Again, Known, exported, plan
from polyloom.journal.runs import Run, Runs

__all__ = [
    "Again",
    "Journal",
    "Known",
    "Outcome",
    "Owner",
    "Recorded",
    "Run",
    "Runs",
    "difference",
    "exported",
    "forgotten",
    "in_use",
    "lost_object",
    "moved",
    "plan",
    "script_changed",
    "unknown_outcome",
]
