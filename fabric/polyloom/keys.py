"""Every Redis key of Polyloom (§8.1). Mirrors `keys.ts`. No other file writes the prefix.

workers         sorted set   worker id by the end of its lease, ms of server time; without those that are ending
load            sorted set   worker id by its load: open sessions and programs at work, as of its last renewal, and reservations
labels          hash         worker id to its labels, separated by spaces; only of workers that have some
placed          sorted set   of one worker: client id by the end of its reservation, ms of server time; expires with the last
names           hash         name of a shared object to the worker that holds it; a name whose worker has no lease is free
info            hash         one worker: what it says of itself; expires with the lease
worker_lease    string       present while the worker lives
inbox           stream       frames to the worker; consumer group GROUP
client_lease    string       present while the client lives
mailbox         stream       frames to the client
worker_blob     string       a large attachment of a frame to the worker; expires after BLOB_SECONDS
client_blob     string       a large attachment of a frame to the client; likewise
refused         stream       Celery messages that could not be run, the newest REFUSED_KEPT; until an operator clears it
runs            sorted set   name of each durable session that has a log, by when it began, ms of server time
run             hash         one durable session: who may write its log, and what it is
run_log         stream       its programs and their replies, by number; kept until it is forgotten
run_once        hash         slot of each step that runs once, to what it came to; empty while nobody knows

`{w:…}`, `{c:…}` and `{r:…}` are hash tags: the keys of one worker, those of one client, and those of one durable session, share a
slot of Redis Cluster; so do `workers` and the four after it, whose tag is the name of `workers`.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PREFIX = "polyloom:"
GROUP = "lane"

# Fields of a stream entry (§1.3), and those of a signed one (§16.2).
FIELD_CLIENT = b"c"
FIELD_TEXT = b"f"
FIELD_ATTACHMENT = b"a"
FIELD_BLOB = b"b"
FIELD_MOMENT = b"t"
FIELD_NUMBER = b"q"
FIELD_SIGNATURE = b"s"

BLOB_BYTES = 65_536  # attachments from this size on are blobs (§8.5): a stream would copy them twice
BLOB_SECONDS = 3600  # how long an unread blob is kept
REFUSED_KEPT = 1_000  # messages that could not be run, at most 3 KB each (§10.4)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys under one prefix; one prefix a tenant."""

    prefix: str = DEFAULT_PREFIX

    @property
    def workers(self) -> str:
        return f"{self.prefix}workers"

    @property
    def load(self) -> str:
        return f"{self.prefix}{{{self.workers}}}:load"

    @property
    def labels(self) -> str:
        return f"{self.prefix}{{{self.workers}}}:labels"

    @property
    def placement(self) -> tuple[str, str, str]:
        """The keys that placing a client reads, in the order of the scripts."""
        return self.workers, self.load, self.labels

    def placed(self, worker: str) -> str:
        return f"{self.prefix}{{{self.workers}}}:placed:{worker}"

    @property
    def names(self) -> str:
        return f"{self.prefix}{{{self.workers}}}:names"

    @property
    def naming(self) -> tuple[str, str]:
        """The keys that looking for a shared object reads, in the order of the scripts."""
        return self.workers, self.names

    def info(self, worker: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:info"

    def worker_lease(self, worker: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:lease"

    def inbox(self, worker: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:inbox"

    def worker_blob(self, worker: str, blob: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:blob:{blob}"

    def client_lease(self, client: str) -> str:
        return f"{self.prefix}{{c:{client}}}:lease"

    def mailbox(self, client: str) -> str:
        return f"{self.prefix}{{c:{client}}}:mailbox"

    def client_blob(self, client: str, blob: str) -> str:
        return f"{self.prefix}{{c:{client}}}:blob:{blob}"

    @property
    def refused(self) -> str:
        return f"{self.prefix}refused"

    @property
    def runs(self) -> str:
        return f"{self.prefix}runs"

    def run(self, name: str) -> str:
        return f"{self.prefix}{{r:{name}}}:run"

    def run_log(self, name: str) -> str:
        return f"{self.prefix}{{r:{name}}}:log"

    def run_once(self, name: str) -> str:
        return f"{self.prefix}{{r:{name}}}:once"
