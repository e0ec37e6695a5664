"""The errors of Polyloom, with the codes of the wire protocol (§7.1). Mirrors `errors.ts`.

PolyloomError
├── FrameError            BadFrame
├── OpError               BadOp
├── ValueRefused          BadValue, NotData
├── LimitExceeded         LimitExceeded
├── NotAllowed            NotAllowed
├── UnknownName           UnknownSession, UnknownSlot, UnknownShared
├── NameTaken             NameTaken
├── ProtocolError         ProgramLost, VersionMismatch
├── SignatureError        BadSignature
├── Cancelled             Cancelled
├── DurableError          InUse, ScriptChanged, OutcomeUnknown
├── Gone                  SessionClosed, LeaseExpired, ConnectionLost, WorkerLost, NoWorker, Moved
├── InternalError         InternalError
├── RemoteFailure         PythonError
└── UsageError            no code of the wire: a wrong flag, URL or setting
"""

from __future__ import annotations

from typing import Any, ClassVar

ErrorObject = dict[str, Any]
"""The object inside an `error` form (§7.1): JSON, ready to be sent."""


class PolyloomError(Exception):
    """One clear sentence, the `code` of §7.1, and where they help `path` and `hint`."""

    code: str = "InternalError"
    codes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str, *, code: str | None = None, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).codes[0]
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        place = f" at {self.path}" if self.path else ""
        return f"{self.message}{place}"

    def within(self, segment: str) -> None:
        """Prepend one step of a path, while the error leaves the value around the offending part."""
        self.path = segment + self.path

    def rooted(self, root: str = "$") -> PolyloomError:
        """Complete the path with its root, once."""
        if not self.path.startswith("$"):
            self.path = root + self.path
        return self

    def to_wire(self) -> ErrorObject:
        """Return the error object of §7.1."""
        wire: ErrorObject = {"code": self.code, "message": self.message}
        if self.path:
            wire["path"] = self.path
        if self.hint:
            wire["hint"] = self.hint
        return wire


class FrameError(PolyloomError):
    """A frame that is none: no JSON, no kind, a missing or wrong key."""

    codes = ("BadFrame",)


class OpError(PolyloomError):
    """An unknown op, or one of the wrong shape."""

    codes = ("BadOp",)


class ValueRefused(PolyloomError):
    """A value that cannot be decoded, encoded or copied."""

    codes = ("BadValue", "NotData")


class LimitExceeded(PolyloomError):
    """A limit of §9, named in the message."""

    codes = ("LimitExceeded",)


class NotAllowed(PolyloomError):
    """The policy of the host refuses a module or a name."""

    codes = ("NotAllowed",)


class UnknownName(PolyloomError):
    """A session, a slot or a shared name that is not here."""

    codes = ("UnknownSlot", "UnknownSession", "UnknownShared")


class NameTaken(PolyloomError):
    """Another object is shared under this name; `worker` is the id of the one that holds it."""

    codes = ("NameTaken",)

    def __init__(self, message: str, *, worker: str = "", **facts: str) -> None:
        super().__init__(message, **facts)
        self.worker = worker

    def to_wire(self) -> ErrorObject:
        return super().to_wire() | ({"worker": self.worker} if self.worker else {})


class ProtocolError(PolyloomError):
    """The two sides cannot go on: a program is missing, or the versions differ."""

    codes = ("ProgramLost", "VersionMismatch")


class SignatureError(PolyloomError):
    """What came is not signed with our secret, or the same again, or too old (§16)."""

    codes = ("BadSignature",)


class Cancelled(PolyloomError):
    """The client gave the op up (§5.8)."""

    codes = ("Cancelled",)


class DurableError(PolyloomError):
    """A durable session cannot go on as it was asked to (§15)."""

    codes = ("InUse", "ScriptChanged", "OutcomeUnknown")


class Gone(PolyloomError):
    """The other end is not there, or not any more."""

    codes = ("SessionClosed", "LeaseExpired", "ConnectionLost", "WorkerLost", "NoWorker", "Moved")


class InternalError(PolyloomError):
    """A fault of Polyloom itself."""

    codes = ("InternalError",)


class RemoteFailure(PolyloomError):
    """A Python exception that an op raised; `error` is the whole error object of §7.2."""

    codes = ("PythonError",)

    def __init__(self, error: ErrorObject) -> None:
        super().__init__(str(error.get("message", "")), code=error.get("code"), path=error.get("path", ""))
        self.error = error

    def to_wire(self) -> ErrorObject:
        return self.error


class UsageError(PolyloomError):
    """A wrong flag, URL or setting; exit status 2."""

    codes = ("Usage",)


WIRE_ERRORS = (
    RemoteFailure,
    FrameError,
    OpError,
    ValueRefused,
    LimitExceeded,
    NotAllowed,
    UnknownName,
    NameTaken,
    ProtocolError,
    SignatureError,
    Cancelled,
    DurableError,
    Gone,
    InternalError,
)
CODES = tuple(code for kind in WIRE_ERRORS for code in kind.codes)
