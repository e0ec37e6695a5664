"""What a durable session has done, kept in Redis (§15): its log, who may write it, and what must not be done twice."""

from polyloom.journal.difference import difference
from polyloom.journal.log import Journal, Outcome, Owner, Recorded, moved
from polyloom.journal.pages import Pages
from polyloom.journal.refusals import forgotten, in_use, lost_object, script_changed, unknown_outcome
from polyloom.journal.replay import Again, Known, plan
from polyloom.journal.runs import Run, Runs

__all__ = [
    "Again",
    "Journal",
    "Known",
    "Outcome",
    "Owner",
    "Pages",
    "Recorded",
    "Run",
    "Runs",
    "difference",
    "forgotten",
    "in_use",
    "lost_object",
    "moved",
    "plan",
    "script_changed",
    "unknown_outcome",
]
