"""Everything there is in a fleet: the registry, the depths of the lanes, and what each worker says that it holds (§8.7)."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import redis

from polyloom.handle import new_id
from polyloom.keys import FIELD_CLIENT, FIELD_TEXT, Keys
from polyloom.registry import RedisRegistry, Worker
from polyloom.servers import now
from polyloom.signing import Field, Signer

Record = dict[str, Any]
QUESTION = json.dumps({"t": "survey"})


class Census:
    """Asks every live worker at once. `client` decodes replies; `secret` is that of the fleet, or empty."""

    def __init__(self, client: redis.Redis, keys: Keys, secret: str = "") -> None:
        self._client: Any = client  # redis-py's stubs know no decoded replies
        self._keys = keys
        self._id = new_id()
        self._signer = Signer(secret, self._id) if secret else None

    def take(self, seconds: float) -> list[Record]:
        """Return a record for each live worker. What one holds is None where it did not answer within `seconds`, or has another
        secret, and then `verified` is false."""
        workers = RedisRegistry(self._client, self._keys).workers()
        moment = int(now(self._client) * 1000) if self._signer else 0
        try:
            asked = [worker for worker in workers if self._ask(worker, moment)]
            answers = self._answers({worker.id for worker in asked}, time.monotonic() + seconds)
        finally:
            self._client.delete(self._keys.mailbox(self._id))
        return self._records(workers, answers)

    def _ask(self, worker: Worker, moment: int) -> bool:
        """Put the question into an inbox; False where that is gone. A signed one has the server's time in ms."""
        fields: list[Field] = [FIELD_CLIENT, self._id, FIELD_TEXT, QUESTION]
        if self._signer is not None:
            fields = self._signer.seal(worker.id, fields, moment)
        return self._client.execute_command("XADD", self._keys.inbox(worker.id), "NOMKSTREAM", "*", *fields) is not None

    def _answers(self, waiting: set[str], end: float) -> dict[str, Record]:
        """Wait for the answers, by worker; an empty one is of a worker that has another secret."""
        answers: dict[str, Record] = {}
        last = "0-0"
        mailbox = self._keys.mailbox(self._id)
        while waiting and (left := end - time.monotonic()) > 0:
            for entry, fields in _entries(self._client.xread({mailbox: last}, block=max(1, int(1000 * left)))):
                last = entry
                worker = fields[_text(FIELD_CLIENT)]
                answers[worker] = self._answer(fields)
                waiting.discard(worker)
        return answers

    def _answer(self, fields: dict[str, str]) -> Record:
        """Return what a worker says, if it can be verified (§16)."""
        entry = [part.encode() for field in fields.items() for part in field]
        if self._signer is not None and self._signer.number(entry) is None:
            return {}
        body: Record = json.loads(fields[_text(FIELD_TEXT)])
        return body if body["t"] == "survey" else {}

    def _records(self, workers: Sequence[Worker], answers: dict[str, Record]) -> list[Record]:
        clients = sorted({one["client"] for answer in answers.values() for one in answer.get("clients", ())})
        with self._client.pipeline(transaction=False) as batch:
            for worker in workers:
                batch.pttl(self._keys.worker_lease(worker.id))
                batch.xlen(self._keys.inbox(worker.id))
            for client in clients:
                batch.xlen(self._keys.mailbox(client))
            found = batch.execute()
        depths = dict(zip(clients, found[2 * len(workers) :], strict=True))
        records = []
        for worker, lease, inbox in zip(workers, found[::2], found[1::2], strict=False):
            answer = answers.get(worker.id)
            told = [one | {"mailbox": depths[one["client"]]} for one in answer["clients"]] if answer else None
            held = {"clients": told, "shared": answer.get("shared", []) if answer else None, "verified": answer != {}}
            records.append(asdict(worker) | {"load": worker.load, "lease_ms": max(0, lease), "inbox": inbox} | held)
        return records


def _entries(reply: Any) -> list[tuple[str, dict[str, str]]]:
    """Return the entries of a reply of XREAD, whatever the protocol."""
    if not reply:
        return []
    return list(next(iter(reply.values()))[0]) if isinstance(reply, dict) else list(reply[0][1])


def _text(field: bytes) -> str:
    return field.decode("ascii")
