"""What a receiver accepts at most (§9). Mirrors `limits.ts`; compared with `tests/vectors/names.json`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Units and reasons stand in §9 of the wire protocol."""

    frame_bytes: int = 67_108_864
    attachment_bytes: int = 536_870_912
    attachments: int = 65_536
    depth: int = 200
    int_digits: int = 100_000
    program_ops: int = 65_536
    session_slots: int = 1_000_000
    path_names: int = 64
    call_depth: int = 32
    shared_names: int = 10_000
    session_threads: int = 64
    session_calls: int = 1_024
    client_sessions: int = 10_000
    session_programs: int = 100_000
    session_bytes: int = 536_870_912
    worker_sessions: int = 10_000
    worker_bytes: int = 2_147_483_648
    worker_slots: int = 10_000_000
    message_bytes: int = 134_217_728
    mailbox_bytes: int = 134_217_728


DEFAULT_LIMITS = Limits()
