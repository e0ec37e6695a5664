"""Every Redis key of Polyloom (§8.1). Mirrors `keys.ts`. No other file writes the prefix.

workers         sorted set   worker id by the end of its lease, ms of server time
info            hash         one worker: protocol, version, host, pid, python, started; expires with the lease
worker_lease    string       present while the worker lives
inbox           stream       frames to the worker; consumer group GROUP
client_lease    string       present while the client lives
mailbox         stream       frames to the client

`{w:…}` and `{c:…}` are hash tags: the keys of one worker, and those of one client, share a slot of Redis Cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PREFIX = "polyloom:"
GROUP = "lane"

# Fields of a stream entry (§1.3).
FIELD_CLIENT = b"c"
FIELD_TEXT = b"f"
FIELD_ATTACHMENT = b"a"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys under one prefix; one prefix a tenant."""

    prefix: str = DEFAULT_PREFIX

    @property
    def workers(self) -> str:
        return f"{self.prefix}workers"

    def info(self, worker: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:info"

    def worker_lease(self, worker: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:lease"

    def inbox(self, worker: str) -> str:
        return f"{self.prefix}{{w:{worker}}}:inbox"

    def client_lease(self, client: str) -> str:
        return f"{self.prefix}{{c:{client}}}:lease"

    def mailbox(self, client: str) -> str:
        return f"{self.prefix}{{c:{client}}}:mailbox"
